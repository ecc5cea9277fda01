"""What stands between the lines of a paragraph: words, names and options that are divided."""

from tests.rows import each_row
from tests.unit.jobs.documents.readers.pdf.drawn_pages import text_of
from tests.unit.jobs.documents.readers.pdf.drawn_pdf import CODE, lines, text

SO = "All of the threads have access to this object if the operator says"
PATHS = [
    ("ftp://ftp.example.org/pub/", "https://www.example.org/", "/pub/ https://www", ""),
    ("at http://example.org/linuxgpio/", "for more", "/linuxgpio/ for more", ""),
    ("examine and/", "or modify it", "and/or modify", ""),
    ("what is in debian/", "directory of it", "debian/ directory", "See debian/ for all."),
    ("what is in /usr/share/", "doc of it", "/usr/share/doc of", "The doc is in /usr/."),
    ("the GNU/Li-", "nux of it", "GNU/Linux of", "Linux is one."),
    ("what is in /opt/some-", "place of it", "/opt/some-place of", ""),
]
OPTIONS = [
    ("with the option --", "local, as", "option --local, as", "Use --local there."),
    ('with the option "--', 'local" as', 'option "--local" as', "Use --local there."),
    ("git checkout --", "file of it", "checkout -- file of", "Use --local there."),
    ("a pump --", "which is open", "pump -- which is", "It says which it is."),
]
HYPHENS = [
    ("it any-", "where", "anywhere", "It may be any or where."),
    ("it for up-", "to-date", "up-to-date", "It is up to all."),
    ("pre-", "and post-processing", "pre- and post-processing", ""),
    ("see git-send-", "email(1) for it", "git-send-email(1) for", "It is sendemail."),
    ("a Boot-", "Image of it", "Boot-Image", "The Bootimage is one."),
    ("a Java-", "Script of it", "JavaScript of", "One of JavaScript is."),
    ("und die Reserve-", "platten", "Reserveplatten", "Die Platten und die Reserve."),
]


def joined(end: str, start: str, *, more: str = "") -> str:
    """The text of a paragraph with a line that ends so, and the next one; `more`: another one."""
    page = [*lines([more], top=740)] if more else []
    return text_of([*page, *lines([f"{SO} {end}", start])])


def in_code(end: str, start: str) -> str:
    """The same, both in a typewriter font."""
    page = [*lines([SO]), text(end, 372, 700, font=CODE), text(start, 72, 688, font=CODE)]
    return text_of([*page, text("here.", 72 + 6 * len(start) + 6, 688)])


@each_row(
    "end, start, whole",
    [
        ("a \u201cquoted\u201d-", "image of it", "\u201cquoted\u201d-image"),
        ("with (and pack -", "-cruft of it", "pack --cruft of it"),
        ('with the "notes.rewrite.', '<command>" of it', '"notes.rewrite.<command>" of'),
        ("with section.", "<URL>.key of it", "section.<URL>.key of"),
        ("it is so.", "<URL> is an address", "so. <URL> is"),
        ("the S/390-", "Portierung", "S/390-Portierung"),
        ("the package drbd8-", "utils of it", "drbd8-utils"),
        ("all of Dutch-", ", Polish-speaking ones", "Dutch-, Polish-speaking"),
        ("a form <foo>-", "<bar> of it", "<foo>-<bar>"),
        ("the MIPSEL-", "Portierung", "MIPSEL-Portierung"),
    ],
)
def test_a_hyphen_behind_any_sign_stays_with_its_word(end: str, start: str, whole: str) -> None:
    assert whole in joined(end, start)


@each_row(
    "end, start, whole",
    [
        ("argument-", "* and more", "argument-* and"),
        ("by -", "t", "by -t here"),
        ("it negates -", "-abbrev-commit", "negates --abbrev-commit here"),
        ("--allow-two", "-primaries=no", "--allow-two-primaries=no"),
        ("Tools.EXTEND or Tools.", "REPLACE", "Tools.REPLACE"),
        ("use Gtk.Window.", "Set_Hints", "Gtk.Window.Set_Hints"),
        ("says main.", "Then it", "main. Then"),
        ("op1 +", "op2 twice", "op1 + op2"),
        ("from @", "hosts", "@ hosts"),
        ("make -", "install", "- install"),
        ("I.e. ?-", "integer(+1)", "?- integer(+1)"),
    ],
)
def test_a_literal_is_divided_at_its_hyphens_and_dots_alone(
    end: str, start: str, whole: str
) -> None:
    assert whole in in_code(end, start)


def test_a_name_that_is_divided_behind_its_underscore_has_no_hyphen() -> None:
    assert "an attribute_clause as" in joined("It is specified by an attribute_-", "clause as is")


def test_an_address_goes_on_in_a_line_without_larger_code() -> None:
    page = [text("10.1080/00031305.2017.1375990", 72, 700, 8, CODE)]
    page += [text("URL https://doi.org/10.1080/", 220, 700, 7), text("0003.2017.", 72, 690, 7)]

    assert "https://doi.org/10.1080/0003.2017." in text_of(page)


def test_an_abbreviation_is_no_part_of_the_name_behind_it() -> None:
    assert "e.g. myfig.h as" in joined("It sets the name of the header, e.g.", "myfig.h as it is")


@each_row("end, start, written, more", [*PATHS, *OPTIONS, *HYPHENS])
def test_the_words_of_the_text_say_whether_a_path_an_option_or_a_word_goes_on(
    end: str, start: str, written: str, more: str
) -> None:
    assert written in joined(end, start, more=more)


def test_code_as_small_as_browsers_set_it_ends_no_paragraph() -> None:
    page = [*lines([SO], size=12), text("string.", 72, 686, 9.75, CODE)]

    assert text_of(page) == f"{SO} string."


def test_quoted_code_that_is_set_smaller_ends_no_paragraph() -> None:
    page = [*lines([SO]), text("\u201c", 72, 688), text("a.diff -p0", 76, 688, 9, CODE)]

    assert text_of([*page, text("\u201d.", 131, 688)]) == f"{SO} \u201ca.diff -p0\u201d."


def test_the_mark_and_the_note_of_code_have_brackets() -> None:
    body = [text("The place is $FAI", 72, 700), text("14", 151.5, 704, 6), text("now.", 162, 700)]
    note = [text("14", 80, 103, 5), text("/var/lib/fai", 86, 100, 7, CODE)]

    assert text_of([*body, *lines([SO] * 5, top=680), *note]).startswith(
        "The place is $FAI[14] now."
    )
    assert text_of([*body, *lines([SO] * 5, top=680), *note]).endswith("[14] /var/lib/fai")


def test_a_name_with_a_capital_within_and_a_number_has_no_hyphen() -> None:
    rows = ["Those who met at PumpCon saw it in the cellar and by night at Pump-", "Con12 in Oslo."]

    assert "at PumpCon12 in Oslo." in text_of(lines(rows))


def test_an_option_may_be_divided_over_a_page_end() -> None:
    first = lines([f"Use --local there. {SO} once more --"], top=60)
    second = lines(["local of it."], top=760)

    assert "more --local of it." in text_of(first, second)
