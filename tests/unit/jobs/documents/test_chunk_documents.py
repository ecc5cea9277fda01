import pytest

from engine.wire.tokens import count_tokens
from jobs.documents.chunk_documents import chunk_document
from schemas.dataset import Rejection
from schemas.documents import Chunk, SideSpan, SplitAssignment
from schemas.settings import ChunkSettings
from tests.rows import each_row
from tests.unit.jobs.documents.texts import PARAGRAPH, all_for_training, make_document

SETTINGS = ChunkSettings(target_tokens=64, min_tokens=8)
LENIENT = ChunkSettings(
    target_tokens=32,
    min_tokens=1,
    min_prose_share=0.0,
    max_glued_word_share=1.0,
    max_contents_line_share=1.0,
)


def chunks_of(
    text: str,
    headings: tuple[tuple[int, int, str], ...] = (),
    page_starts: tuple[int, ...] = (),
    *,
    rules: int = 2,
) -> list[Chunk]:
    document = make_document(text, headings, page_starts)
    settings = SETTINGS.model_copy(update={"rules": rules})
    results = chunk_document(document, all_for_training(text), settings)
    return [result for result in results if isinstance(result, Chunk)]


def test_a_chunk_is_its_range_of_the_document_and_no_larger_than_the_target() -> None:
    text = PARAGRAPH * 20

    chunks = chunks_of(text)

    assert len(chunks) > 5
    assert all(chunk.text == text[chunk.start_char : chunk.end_char] for chunk in chunks)
    assert all(chunk.token_count == count_tokens(chunk.text) for chunk in chunks)
    assert all(chunk.token_count <= SETTINGS.target_tokens for chunk in chunks)


def test_equal_content_has_equal_ids_and_every_chunk_its_own() -> None:
    ids = [chunk.chunk_id for chunk in chunks_of(PARAGRAPH * 20)]

    assert ids == [chunk.chunk_id for chunk in chunks_of(PARAGRAPH * 20)]
    assert len(set(ids)) == len(ids)


def test_a_section_a_little_over_the_target_leaves_no_stub() -> None:
    text = "Packages have names and sizes. " * 11

    sizes = [chunk.token_count for chunk in chunks_of(text)]

    assert SETTINGS.target_tokens < count_tokens(text) < SETTINGS.target_tokens * 1.1
    assert len(sizes) == 2
    assert min(sizes) > SETTINGS.target_tokens / 3


@pytest.mark.parametrize("unit", ["日", "ab ", "line\n", PARAGRAPH])
def test_a_section_longer_than_one_window_loses_nothing(
    unit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.documents.cutting.best_cuts.MAX_SPLIT_CHARS", 2_000)
    text = unit * (5_000 // len(unit))

    results = chunk_document(make_document(text), all_for_training(text), LENIENT)

    joined = "".join(result.text for result in results if isinstance(result, Chunk))
    assert "".join(joined.split()) == "".join(text.split())


def test_small_neighbouring_sections_of_one_parent_share_a_chunk() -> None:
    first, second = "Chapter one\n\nShort but long enough to ask about it.\n\n", "Chapter two\n\n"
    text = first + second + "This is about something else altogether.\n\n"
    headings = ((0, 1, "Chapter one"), (len(first), 1, "Chapter two"))

    by_now, by_first_rules = chunks_of(text, headings), chunks_of(text, headings, rules=1)

    assert [chunk.start_char for chunk in by_now] == [0]
    assert [chunk.start_char for chunk in by_first_rules] == [0, len(first)]


def test_a_section_of_another_parent_starts_a_new_chunk() -> None:
    parts = ["Ships\n\n", f"Sails\n\n{PARAGRAPH}", f"Masts\n\n{PARAGRAPH}", "Mills\n\n"]
    text = "".join(parts) + PARAGRAPH
    starts = [sum(map(len, parts[:n])) for n in range(4)]
    headings = tuple(
        (start, level, part.split("\n")[0])
        for start, level, part in zip(starts, (1, 2, 2, 1), parts, strict=True)
    )

    chunks = chunks_of(text, headings)

    assert [chunk.start_char for chunk in chunks] == [0, starts[2], starts[3]]
    assert [chunk.headings for chunk in chunks] == [
        ("Ships", "Sails"),
        ("Ships", "Masts"),
        ("Mills",),
    ]


def test_the_section_of_a_chunk_is_that_of_all_its_text() -> None:
    parts = [
        "Ships\n\n",
        "Sails\n\nSails are made of linen that is washed and dried.\n\n",
        "Masts\n\nMasts are made of tall and straight pine.\n\n",
    ]
    headings = (
        (0, 1, "Ships"),
        (len(parts[0]), 2, "Sails"),
        (len(parts[0] + parts[1]), 2, "Masts"),
    )

    (by_now,) = chunks_of("".join(parts), headings)
    (only_one,) = chunks_of("".join(parts[:2]) + "A sail needs to be dry.", headings[:2])

    assert by_now.headings == ("Ships",)
    assert only_one.headings == ("Ships", "Sails")


def test_the_rows_of_a_table_are_sections_without_a_heading() -> None:
    rows = [
        PARAGRAPH * 2,
        "A short row of eight words and no more.\n\n",
        "Another short row, quite as short.\n\n",
    ]
    text = "".join(rows)
    starts = (0, len(rows[0]), len(rows[0] + rows[1]))
    document = make_document(text, page_starts=starts).model_copy(update={"format": "csv"})

    results = chunk_document(document, all_for_training(text), SETTINGS)

    chunks = [result for result in results if isinstance(result, Chunk)]
    assert [(chunk.first_page, chunk.last_page) for chunk in chunks] == [*((1, 1), (1, 1), (2, 3))]
    assert {chunk.headings for chunk in chunks} == {()}


def test_a_bare_heading_stays_with_the_text_below_it() -> None:
    text = "Chapter one\n\n" + PARAGRAPH

    chunks = chunks_of(text, headings=((0, 1, "Chapter one"), (13, 2, "Lists")))

    assert [chunk.start_char for chunk in chunks] == [0]


def test_headings_are_the_titles_of_the_enclosing_sections() -> None:
    a, b, c = f"# Tools\n\n{PARAGRAPH * 2}", f"## Apt\n\n{PARAGRAPH * 2}", f"# Files\n\n{PARAGRAPH}"
    headings = ((2, 1, "Tools"), (len(a) + 3, 2, "Apt"), (len(a + b) + 2, 1, "Files"))

    paths = {chunk.headings for chunk in chunks_of(a + b + c, headings=headings)}

    assert paths == {("Tools",), ("Tools", "Apt"), ("Files",)}


def test_pages_count_from_one_and_a_chunk_may_span_several() -> None:
    page_starts = (0, 20, len(PARAGRAPH))

    chunks = chunks_of(PARAGRAPH * 2, page_starts=page_starts)

    assert [(chunk.first_page, chunk.last_page) for chunk in chunks] == [(1, 2), (3, 3)]
    assert chunks_of(PARAGRAPH)[0].first_page is None


def test_the_gap_between_the_sides_is_one_rejection_and_in_no_chunk() -> None:
    text, size = PARAGRAPH * 9, len(PARAGRAPH)
    spans = (
        SideSpan(start_char=0, end_char=4 * size, side="train"),
        SideSpan(start_char=6 * size, end_char=9 * size, side="held_out"),
    )

    results = chunk_document(
        make_document(text), SplitAssignment(document_id="d1", spans=spans), SETTINGS
    )

    gaps = [result for result in results if isinstance(result, Rejection)]
    assert [gap.reason for gap in gaps] == ["split_gap"]
    assert {r.side for r in results if isinstance(r, Chunk) and r.end_char <= 4 * size} == {"train"}
    assert all(
        r.end_char <= 4 * size or r.start_char >= 6 * size for r in results if isinstance(r, Chunk)
    )


def test_a_faulty_chunk_is_rejected_with_its_measure() -> None:
    results = chunk_document(make_document("Too short."), all_for_training("Too short."), SETTINGS)

    (rejection,) = results
    assert isinstance(rejection, Rejection)
    assert (rejection.stage, rejection.reason) == ("chunks", "too_short")
    assert (rejection.score, rejection.threshold) == (count_tokens("Too short."), 8)
    assert rejection.text == "Too short."


@each_row("rules", [1, 2])
def test_a_sentence_that_leads_on_stands_with_what_it_leads_to(rules: int) -> None:
    lead_in = "The kiln knows these commands:\n\n"
    start = "A kiln is a large box of brick that is heated from below by a fire of dry wood.\n\n"
    commands = "".join(f"open door {n} of the kiln and wait\n" for n in range(9))
    text = start + lead_in + commands

    chunks = chunks_of(text, rules=rules)

    assert all(chunk.token_count <= SETTINGS.target_tokens for chunk in chunks)
    assert not any(chunk.text.endswith(":") for chunk in chunks)
    joined = "".join(chunk.text for chunk in chunks)
    assert "".join(joined.split()) == "".join(text.split())
    assert any(lead_in + "open door 0" in chunk.text for chunk in chunks)


@each_row(
    "private_data, reasons, mail, key",
    [
        ("keep", [], True, True),
        ("report", ["private_data_found"], True, True),
        ("mask_secrets", ["masked"], True, False),
        ("mask_all", ["masked"], False, False),
    ],
)
def test_private_data_is_kept_reported_or_masked_in_place(
    private_data: str, reasons: list[str], mail: bool, key: bool
) -> None:
    secret = "AKIA" + "ABCDEFGHIJKLMNOP"
    heading = "Ask jo@kiln.de"
    text = f"{heading}\n\nThe kiln opens with {secret} at noon. " + PARAGRAPH * 3
    document = make_document(text, ((0, 1, heading),))
    settings = SETTINGS.model_copy(update={"private_data": private_data})

    results = chunk_document(document, all_for_training(text), settings)

    chunks = [each for each in results if isinstance(each, Chunk)]
    shown = "\n".join(each.model_dump_json() for each in chunks)
    assert ("jo@kiln.de" in shown, secret in shown) == (mail, key)
    assert "at noon." in shown
    assert all(each.end_char - each.start_char == len(each.text) for each in chunks)
    rejections = [each for each in results if isinstance(each, Rejection)]
    assert [each.reason for each in rejections] == reasons
    assert not any(secret in each.model_dump_json() for each in rejections)
