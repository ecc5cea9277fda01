import pytest

from jobs.documents.readers.limits import ReadLimits, UnreadableFileError
from tests.rows import each_row
from tests.unit.jobs.documents.readers.made_files import Bookmark, SetLine, make_pdf, prose_page
from tests.unit.jobs.documents.readers.reading import headings, read

PROSE = (
    "A running text has lines that end where the next word has no more room, and paragraphs that "
    "are told by the space between them. " * 3
)


def test_the_lines_of_a_paragraph_are_joined_and_paragraphs_stay_apart() -> None:
    page = [*prose_page(PROSE), *prose_page("Another one. " + PROSE, top=600)]

    extract = read("pdf", make_pdf([page]))

    assert extract.text == f"{PROSE.strip()}\n\nAnother one. {PROSE.strip()}"


def test_a_word_divided_at_the_end_of_a_line_is_whole_again() -> None:
    page = [
        SetLine("The first line of this paragraph ends with a word that was divi-", baseline=700),
        SetLine("ded, and a well-known one follows that some would know as well-", baseline=688),
        SetLine("known even if it is divided where its own hyphen is in the text.", baseline=676),
    ]

    text = read("pdf", make_pdf([page])).text

    assert "was divided, and" in text
    assert "as well-known even" in text


def test_running_heads_and_page_numbers_are_left_out() -> None:
    pages = [
        [
            SetLine("The Great Handbook", baseline=760),
            *prose_page(f"{PROSE} This is page text {number}."),
            SetLine(f"{number}. Chapter {number} {number + 11}", baseline=40),
        ]
        for number in range(1, 6)
    ]

    text = read("pdf", make_pdf(pages)).text

    assert "Handbook" not in text
    assert "Chapter" not in text
    assert all(f"page text {number}." in text for number in range(1, 6))


def test_headings_at_the_top_of_many_pages_are_kept() -> None:
    pages = [
        [SetLine(f"22.{number} Version 4.{number}", size=14), *prose_page(PROSE, top=660)]
        for number in range(1, 6)
    ]

    text = read("pdf", make_pdf(pages)).text

    assert all(f"22.{number} Version 4.{number}" in text for number in range(1, 6))


def test_titles_that_repeat_within_pages_are_kept_at_the_top_of_a_page() -> None:
    entry = ["Synopsis", "fill valve", "Description", "It fills what is behind the valve."]
    shown = [*entry[2:], *entry * 3, "It is closed by hand.", "Then it is dry."]
    pages = [
        [
            SetLine(f"The Great Handbook {number}", baseline=760),
            *(SetLine(row, baseline=720 - 30 * at) for at, row in enumerate(shown)),
        ]
        for number in range(1, 7)
    ]

    found = read("pdf", make_pdf(pages)).text

    assert found.count("Description") == found.count("It fills")
    assert "Handbook" not in found


def test_contents_lines_with_dots_are_left_out() -> None:
    page = [
        SetLine("1.1 Scope . . . . . . . . . . . . . . . 3", baseline=700),
        SetLine("1.2 Purpose.................... 12", baseline=688),
        SetLine("And so on ...", baseline=676),
    ]

    assert read("pdf", make_pdf([page])).text == "And so on ..."


def test_bookmarks_become_headings_where_their_title_begins_a_paragraph() -> None:
    page = [SetLine("1.1 Scope of it", size=14), *prose_page(PROSE, top=660)]
    bookmarks = [Bookmark("Scope of it", 1), Bookmark("Not to be found", 1)]

    extract = read("pdf", make_pdf([prose_page(PROSE), page], bookmarks=bookmarks))

    assert headings(extract) == [(1, "1.1 Scope of it")]


def test_a_bookmark_says_the_letter_of_an_appendix_without_the_word() -> None:
    page = [SetLine("Appendix A Tools of it", size=14), *prose_page(PROSE, top=660)]
    data = make_pdf([page], bookmarks=[Bookmark("A Tools of it", 0)])

    assert headings(read("pdf", data)) == [(1, "Appendix A Tools of it")]


def test_each_page_has_its_start_even_an_empty_one() -> None:
    pages = [prose_page("The first page ends."), [], prose_page("The third page. Its end."), []]

    extract = read("pdf", make_pdf(pages))

    assert extract.text == "The first page ends.\n\nThe third page. Its end."
    assert extract.page_starts == (0, 22, 22, len(extract.text))


def test_a_paragraph_goes_on_over_a_page_break() -> None:
    pages = [prose_page("This sentence is divided by"), prose_page("the end of a page.")]

    extract = read("pdf", make_pdf(pages))

    assert extract.text == "This sentence is divided by the end of a page."
    assert extract.text[extract.page_starts[1] :] == "the end of a page."


def test_code_keeps_its_lines_and_indents() -> None:
    page = [
        SetLine("def answer():", baseline=700, is_code=True),
        SetLine("return 42", baseline=688, left=72 + 4 * 6, is_code=True),
    ]

    assert read("pdf", make_pdf([page])).text == "def answer():\n    return 42"


def test_list_items_begin_lines_of_their_own() -> None:
    page = [
        SetLine("\x95 one item", baseline=700, left=90),
        SetLine("\x95 another item", baseline=688, left=90),
    ]
    data = make_pdf([page])

    assert read("pdf", data).text == "• one item\n• another item"


def test_a_footnote_mark_does_not_stick_to_its_word() -> None:
    mark = SetLine("7", left=72 + 10 * 5, baseline=704, size=6)
    page = [SetLine("Some words", baseline=700, size=10), mark, SetLine(PROSE[:80], baseline=650)]

    assert read("pdf", make_pdf([page])).text.startswith("Some words[7]\n")


@each_row(
    "data, reason",
    [
        (make_pdf([prose_page(PROSE)], password="secret"), "password_protected"),
        (make_pdf([prose_page(PROSE)])[:-40], "damaged"),
        (make_pdf([prose_page(PROSE)])[:300], "damaged"),
        (b"%PDF-1.7 and nothing else", "damaged"),
        (b"no PDF at all", "damaged"),
    ],
)
def test_what_is_no_whole_readable_pdf_has_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read("pdf", data)

    assert caught.value.reason == reason


def test_reading_stops_at_the_text_limit() -> None:
    data = make_pdf([prose_page(PROSE)] * 20)

    with pytest.raises(UnreadableFileError) as caught:
        read("pdf", data, ReadLimits(max_data_bytes=1_000_000, max_text_bytes=2_000))

    assert caught.value.reason == "too_large"


def test_a_page_of_many_small_letters_is_read_to_its_end() -> None:
    words = " ".join(f"word{number}" for number in range(600))
    page = [
        SetLine(line.text, baseline=780 - 8 * row, size=6)
        for row, line in enumerate(prose_page(words, width=120))
    ]

    text = read("pdf", make_pdf([page])).text

    assert text == words
    assert len(text) > 4096  # as many characters as PDFium is asked for at once
