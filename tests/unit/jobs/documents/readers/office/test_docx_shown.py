"""Word files as Word shows them: what is hidden, set in fonts of signs, or numbered in other ways.

Like files in public reports: docling 2758 and 3759, pandoc 2587, unstructured 3455.
"""

from tests.rows import each_row
from tests.unit.jobs.documents.readers.office.made_office import make_docx, paragraph
from tests.unit.jobs.documents.readers.reading import read

HIDING = "<w:rPr><w:vanish/></w:rPr>"
STYLES = (
    f'<w:style w:type="character" w:styleId="Secret"><w:name w:val="Secret"/>{HIDING}</w:style>'
    f'<w:style w:type="paragraph" w:styleId="Gone"><w:name w:val="Gone"/>{HIDING}</w:style>'
    '<w:style w:type="paragraph" w:styleId="Back"><w:basedOn w:val="Gone"/><w:rPr>'
    '<w:vanish w:val="0"/></w:rPr></w:style>'
)


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def font(name: str) -> str:
    return f'<w:rFonts w:ascii="{name}" w:hAnsi="{name}"/>'


def style(name: str) -> str:
    return f'<w:pStyle w:val="{name}"/>'


@each_row(
    "body, text",
    [
        (f"<w:p>{run('Seen')}{run(' not', '<w:rStyle w:val=`Secret`/>')}{run('.')}</w:p>", "Seen."),
        (paragraph("Seen.") + paragraph("Not.", style("Gone")), "Seen."),
        (paragraph("Seen.", style("Back")), "Seen."),
        (paragraph("Seen.", style("Gone"), run="<w:vanish w:val=`0`/>"), "Seen."),
        (f"<w:p>{run('Seen')}{run(' not', '<w:vanish/>')}{run('.')}</w:p>", "Seen."),
    ],
)
def test_what_a_style_hides_is_left_out(body: str, text: str) -> None:
    assert read("docx", make_docx(body.replace("`", '"'), styles=STYLES)).text == text


@each_row(
    "body, text",
    [
        (run("&#xF0FC;", font("Wingdings")) + run(" done"), "✓ done"),
        (run("ü", font("Wingdings")) + run(" done"), "✓ done"),
        (run("angle ") + run("&#xF061;", font("Symbol")), "angle α"),
        (run("angle ") + run("a b", font("Symbol")), "angle α β"),
        (run("Symbol a", font("Arial")), "Symbol a"),
        (run("字", font("Symbol")), "字"),
    ],
)
def test_a_sign_of_a_font_of_signs_is_that_sign(body: str, text: str) -> None:
    assert read("docx", make_docx(f"<w:p>{body}</w:p>")).text == text


def level(depth: int, kind: str, text: str, more: str = "", start: int = 1) -> str:
    return (
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="{start}"/><w:numFmt w:val="{kind}"/>{more}'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
    )


def place(depth: int = 0) -> str:
    return f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="1"/></w:numPr>'


@each_row(
    "levels, places, text",
    [
        (level(0, "decimalZero", "%1."), [0, 0], "01. a\n02. b"),
        (
            level(0, "chineseCounting", "第%1条", start=9),
            [0, 0, 0],
            "第九条 a\n第十条 b\n第十一条 c",
        ),
        (level(0, "japaneseCounting", "%1、", start=20), [0, 0], "二十、 a\n二十一、 b"),
        (
            level(0, "upperRoman", "%1.", start=2) + level(1, "decimal", "%1.%2", "<w:isLgl/>"),
            [0, 1],
            "II. a\n  2.1 b",
        ),
        (
            level(0, "upperRoman", "%1.", start=2) + level(1, "decimal", "%1.%2"),
            [0, 1],
            "II. a\n  II.1 b",
        ),
    ],
)
def test_numbers_are_written_as_word_writes_them(levels: str, places: list[int], text: str) -> None:
    numbering = (
        f'<w:abstractNum w:abstractNumId="1">{levels}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num>'
    )
    body = "".join(
        paragraph(word, place(depth)) for word, depth in zip("abc", places, strict=False)
    )

    assert read("docx", make_docx(body, numbering=numbering)).text == text


@each_row("tag", ["cjk-ideographic", "simp-chinese-informal", "japanese-informal"])
def test_a_list_of_a_page_may_be_numbered_in_chinese(tag: str) -> None:
    page = f"<ol start=103 style='list-style-type: {tag}'><li>a<li>b</ol>"

    assert read("html", page).text == "一百零三. a\n一百零四. b"


@each_row("kind", ["drop", "margin"])
def test_a_large_first_letter_is_of_its_word(kind: str) -> None:
    body = paragraph("T", f'<w:framePr w:dropCap="{kind}" w:lines="3"/>') + paragraph("he pump.")

    assert read("docx", make_docx(body)).text == "The pump."


def test_a_table_of_contents_is_left_out_whatever_its_styles() -> None:
    def part(gallery: str, words: str) -> str:
        kind = f'<w:docPartObj><w:docPartGallery w:val="{gallery}"/></w:docPartObj>'
        return f"<w:sdt><w:sdtPr>{kind}</w:sdtPr><w:sdtContent>{words}</w:sdtContent></w:sdt>"

    contents = part("Table of Contents", paragraph("Contents") + paragraph("Care\t3"))
    body = contents + paragraph("Text.") + part("Bibliographies", paragraph("A book."))

    assert read("docx", make_docx(body)).text == "Text.\n\nA book."
