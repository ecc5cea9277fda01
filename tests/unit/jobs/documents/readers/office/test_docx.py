import pytest

from jobs.documents.readers.limits import UnreadableFileError
from tests.rows import each_row
from tests.unit.jobs.documents.readers.made_files import make_zip
from tests.unit.jobs.documents.readers.office.made_office import make_docx, paragraph
from tests.unit.jobs.documents.readers.reading import headings, read

MONO = '<w:rFonts w:ascii="Courier New"/>'
LEVELS = (
    '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/>'
    '<w:lvlText w:val="%1."/></w:lvl>'
    '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/>'
    '<w:lvlText w:val="%1.%2)"/></w:lvl>'
)
NUMBERING = (
    f'<w:abstractNum w:abstractNumId="0">{LEVELS}</w:abstractNum>'
    '<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/>'
    '<w:lvlText w:val="\uf0b7"/></w:lvl></w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    '<w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>'
    '<w:num w:numId="3"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0">'
    '<w:startOverride w:val="1"/></w:lvlOverride></w:num>'
)


def _style(style_id: str, name: str, *, based_on: str = "", more: str = "") -> str:
    base = f'<w:basedOn w:val="{based_on}"/>' if based_on else ""
    return f'<w:style w:styleId="{style_id}"><w:name w:val="{name}"/>{base}{more}</w:style>'


def _in_list(number_id: int, level: int = 0) -> str:
    return f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number_id}"/></w:numPr>'


def _math(content: str) -> str:
    return f"<w:p><m:oMath>{content}</m:oMath></w:p>"


def _letter(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


def _run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def _cell(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text)}</w:tc>"


@each_row(
    "content, text",
    [
        (f"{_run('By ')}<w:sdt><w:sdtContent>{_run('Ann')}</w:sdtContent></w:sdt>", "By Ann"),
        (
            f"{_run('See ')}<w:fldSimple w:instr='REF x'>{_run('Figure 3')}</w:fldSimple>",
            "See Figure 3",
        ),
        (f"<w:smartTag>{_run('Oslo')}</w:smartTag><w:bdo>{_run('!')}</w:bdo>", "Oslo!"),
        (
            f"{_run('old')}<w:ins>{_run(' new')}</w:ins><w:moveTo>{_run(' moved')}</w:moveTo>",
            "old new moved",
        ),
        (f"{_run('kept')}<w:del><w:r><w:delText>gone</w:delText></w:r></w:del>", "kept"),
        ("<w:r><w:instrText>PAGE</w:instrText></w:r>" + _run("a"), "a"),
        ("<w:r><w:t>a</w:t><w:br/><w:t>b</w:t><w:noBreakHyphen/><w:t>c</w:t></w:r>", "a\nb-c"),
        ("<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>" + _run("seen"), "seen"),
        (
            _run("10") + "<w:r><w:rPr><w:vertAlign w:val='superscript'/></w:rPr><w:t>6</w:t></w:r>",
            "10^6",
        ),
        ("<w:r><w:sym w:font='Symbol' w:char='F061'/></w:r>", "α"),
        (
            f"<w:ruby><w:rt>{_run('かん')}</w:rt><w:rubyBase>{_run('漢')}</w:rubyBase></w:ruby>",
            "漢",
        ),
        (
            "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>"
            f"{_run('Click to enter text')}</w:sdtContent></w:sdt>{_run('Name')}",
            "Name",
        ),
        (
            f"{_run('Over.')}<w:r><mc:AlternateContent><mc:Choice Requires='wps'><wps:txbx>"
            f"<w:txbxContent>{paragraph('In the box.')}</w:txbxContent></wps:txbx></mc:Choice>"
            f"<mc:Fallback><v:textbox><w:txbxContent>{paragraph('In the box.')}</w:txbxContent>"
            "</v:textbox></mc:Fallback></mc:AlternateContent></w:r>",
            "Over.\n\nIn the box.",
        ),
    ],
)
def test_text_in_a_paragraph_is_kept_whatever_stands_around_it(content: str, text: str) -> None:
    assert read("docx", make_docx(f"<w:p>{content}</w:p>")).text == text


@each_row(
    "content, text",
    [
        (_letter("P=U·I"), "P=U·I"),
        (f"<m:f><m:num>{_letter('a+b')}</m:num><m:den>{_letter('2')}</m:den></m:f>", "(a+b)/2"),
        (f"<m:sSup><m:e>{_letter('x')}</m:e><m:sup>{_letter('2')}</m:sup></m:sSup>", "x^2"),
        (f"<m:rad><m:deg/><m:e>{_letter('x')}</m:e></m:rad>", "sqrt(x)"),
        (
            f"<m:nary><m:naryPr><m:chr m:val='∑'/></m:naryPr><m:sub>{_letter('i=1')}</m:sub>"
            f"<m:sup>{_letter('n')}</m:sup><m:e>{_letter('i')}</m:e></m:nary>",
            "∑_(i=1)^n i",
        ),
        (f"<m:d><m:e>{_letter('a')}</m:e><m:e>{_letter('b')}</m:e></m:d>", "(a, b)"),
    ],
)
def test_an_equation_is_one_line(content: str, text: str) -> None:
    assert read("docx", make_docx(_math(content))).text == text


def test_numbers_go_on_after_a_paragraph_and_start_again_where_that_is_said() -> None:
    body = (
        paragraph("Close.", _in_list(1))
        + paragraph("Drain.", _in_list(1))
        + paragraph("first", _in_list(1, 1))
        + paragraph("Wait.")
        + paragraph("Open.", _in_list(1))
        + paragraph("Anew.", _in_list(3))
        + paragraph("bullet", _in_list(2))
    )

    extract = read("docx", make_docx(body, numbering=NUMBERING))

    assert extract.text == (
        "1. Close.\n2. Drain.\n  2.a) first\n\nWait.\n\n3. Open.\n1. Anew.\n- bullet"
    )


def test_what_goes_on_in_an_item_has_no_bullet_of_its_own() -> None:
    blank = NUMBERING.replace('w:val="\uf0b7"', 'w:val=" "')
    body = (
        paragraph("Run it.", _in_list(1))
        + paragraph("if x:", _in_list(2), run=MONO)
        + paragraph("    y", _in_list(2), run=MONO)
        + paragraph("Stop it.", _in_list(1))
    )

    extract = read("docx", make_docx(body, numbering=blank))

    assert extract.text == "1. Run it.\n\nif x:\n    y\n\n2. Stop it."


def test_a_numbered_heading_is_a_heading_and_no_item() -> None:
    styles = (
        _style("H1", "heading 1")
        + _style("Mine", "Chapter", based_on="H1")
        + _style("Outline", "Part", more='<w:pPr><w:outlineLvl w:val="1"/></w:pPr>')
    )
    body = (
        paragraph("Scope", '<w:pStyle w:val="H1"/>' + _in_list(1))
        + paragraph("Terms", '<w:pStyle w:val="Mine"/>')
        + paragraph("Part", '<w:pStyle w:val="Outline"/>')
    )

    extract = read("docx", make_docx(body, styles=styles, numbering=NUMBERING))

    assert headings(extract) == [(1, "Scope"), (1, "Terms"), (2, "Part")]


def test_code_keeps_its_lines_and_indentation() -> None:
    styles = _style("Code", "Source Code")
    body = (
        paragraph("def f(x):", run=MONO)
        + paragraph("    if x:", run=MONO)
        + paragraph("")
        + paragraph("return 1", '<w:ind w:left="960"/>', run=MONO)
        + paragraph("Text.")
        + paragraph("a = 1", '<w:pStyle w:val="Code"/>')
        + paragraph("Text.")
        + paragraph("    plain but indented")
        + paragraph("      more so")
    )

    extract = read("docx", make_docx(body, styles=styles))

    assert extract.text == (
        "def f(x):\n    if x:\n\n        return 1\n\nText.\n\na = 1\n\nText.\n\n"
        "    plain but indented\n      more so"
    )


def test_cells_that_are_merged_nested_or_in_controls_are_read() -> None:
    span, begun, continued = (
        '<w:gridSpan w:val="2"/>',
        '<w:vMerge w:val="restart"/>',
        "<w:vMerge/>",
    )
    inner = f"<w:tbl><w:tr>{_cell('oil')}{_cell('weekly')}</w:tr></w:tbl>"
    table = (
        f"<w:tbl><w:tr>{_cell('Wide', span)}{_cell('c')}</w:tr>"
        f"<w:tr>{_cell('tall', begun)}{_cell('1')}{_cell('2')}</w:tr>"
        f"<w:sdt><w:sdtContent><w:tr>{_cell('', continued)}{_cell('3')}{_cell('4')}</w:tr>"
        "</w:sdtContent></w:sdt>"
        f"<w:tr><w:tc>{paragraph('Check')}</w:tc><w:tc>{inner}{paragraph('')}</w:tc>{_cell('5')}"
        "</w:tr></w:tbl>"
    )

    assert read("docx", make_docx(table)).text == (
        "Wide |  | c\ntall | 1 | 2\ntall | 3 | 4\nCheck | oil, weekly | 5"
    )


def test_a_cell_of_one_line_in_a_typewriter_font_does_not_dissolve_its_table() -> None:
    def cells(*texts: str) -> str:
        return "".join(f"<w:tc>{paragraph(text, run=MONO)}</w:tc>" for text in texts)

    rows = (("/lib/", "/lib/i386-linux-gnu/"), ("/usr/lib/", "/usr/lib/i386-linux-gnu/"))
    table = "".join(f"<w:tr>{cells(*row)}</w:tr>" for row in rows)

    assert read("docx", make_docx(f"<w:tbl>{table}</w:tbl>")).text == (
        "/lib/ | /lib/i386-linux-gnu/\n/usr/lib/ | /usr/lib/i386-linux-gnu/"
    )


def test_a_table_of_one_cell_is_a_frame() -> None:
    table = f"<w:tbl><w:tr><w:tc>{paragraph('One.')}{paragraph('Two.')}</w:tc></w:tr></w:tbl>"

    assert read("docx", make_docx(table)).text == "One.\n\nTwo."


def test_notes_stand_at_the_end_with_their_marks() -> None:
    body = (
        f"<w:p>{_run('Five bar')}<w:r><w:footnoteReference w:id='7'/></w:r>{_run('.')}"
        "<w:r><w:endnoteReference w:id='2'/></w:r></w:p>"
    )
    footnotes = (
        f'<w:footnote w:id="0">{paragraph("separator")}</w:footnote>'
        f'<w:footnote w:id="7">{paragraph("Gauge pressure.")}</w:footnote>'
    )
    endnotes = f'<w:endnote w:id="2">{paragraph("As of May.")}</w:endnote>'

    extract = read("docx", make_docx(body, footnotes=footnotes, endnotes=endnotes))

    assert extract.text == "Five bar[1].[i]\n\n[1] Gauge pressure.\n[i] As of May."


def test_lines_of_a_table_of_contents_are_left_out() -> None:
    styles = _style("T1", "toc 1")
    body = paragraph("Scope\t3", '<w:pStyle w:val="T1"/>') + paragraph("Text.")

    assert read("docx", make_docx(body, styles=styles)).text == "Text."


def test_tables_nested_without_end_cost_nothing_but_their_form() -> None:
    body = "<w:tbl><w:tr><w:tc>" * 500 + paragraph("deep") + "</w:tc></w:tr></w:tbl>" * 500

    assert read("docx", make_docx(body)).text == "deep"


@each_row("deep", ["<w:sdt><w:sdtContent>", "<w:ins>"])
def test_wrappers_nested_without_end_keep_their_text(deep: str) -> None:
    names = [part.strip("<>") for part in deep.replace("><", "> <").split()]
    closing = "".join(f"</{name}>" for name in reversed(names))
    body = f"<w:p>{deep * 2_000}{_run('deep')}{closing * 2_000}</w:p>"

    assert read("docx", make_docx(body)).text == "deep"


def test_entities_that_grow_are_refused() -> None:
    grown = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    document = f'<!DOCTYPE d [<!ENTITY e0 "{"grow" * 500}">{grown}]><d>&e11;</d>'
    relations = '<Relationships><Relationship Type="x/officeDocument" Target="d"/></Relationships>'
    data = make_zip({"_rels/.rels": relations.encode(), "d": document.encode()})

    with pytest.raises(UnreadableFileError) as caught:
        read("docx", data)

    assert caught.value.reason == "damaged"


def test_a_paragraph_whose_end_was_deleted_goes_on_in_the_next() -> None:
    first = paragraph("First half, ", "<w:rPr><w:del/></w:rPr>")
    last = paragraph("Not ended.", "<w:rPr><w:del/></w:rPr>")

    text = read("docx", make_docx(first + paragraph("second half.") + last)).text

    assert text == "First half, second half.\n\nNot ended."


def test_blocks_of_code_that_have_all_of_their_lines_are_apart() -> None:
    def block(*lines: str) -> str:
        runs = "<w:br/>".join(f"<w:t>{line}</w:t>" for line in lines)
        font = '<w:rPr><w:rFonts w:ascii="Courier New"/></w:rPr>'
        return f"<w:p><w:r>{font}{runs}</w:r></w:p>"

    text = read(
        "docx", make_docx(block("a = 1", "b = 2") + block("$ run", "3") + block("end"))
    ).text

    assert text == "a = 1\nb = 2\n\n$ run\n3\nend"
