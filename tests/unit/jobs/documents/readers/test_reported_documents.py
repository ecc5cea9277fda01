"""More inputs like those in public reports about other readers, each with all of its text.

The reports: mammoth.js 10, 115, 272 and 332, and python-mammoth 161 and 168 (fields); docling 3520,
3836 and 3896 (numbering); onyx 14773 (spines); unstructured 193 and 3877 (slides); trafilatura 76
and 531; html-to-markdown 182; and pages of Docusaurus, Docsy, Javadoc, Notion, Doxygen and MyST.
"""

from jobs.documents.readers.markup.rtf_letters import one_way
from jobs.documents.readers.office.docx_number_forms import in_form
from tests.rows import each_row
from tests.unit.jobs.documents.readers.made_files import make_epub, make_zip
from tests.unit.jobs.documents.readers.office.made_office import make_docx, make_pptx, paragraph
from tests.unit.jobs.documents.readers.reading import read

_NUMBERING = (
    '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="upperRoman"/>'
    '<w:lvlText w:val="Article %1."/></w:lvl><w:lvl w:ilvl="1"><w:isLgl/><w:numFmt '
    'w:val="decimalZero"/><w:lvlText w:val="%1.%2"/></w:lvl></w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId '
    'w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>'
)


def _run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def _edge(kind: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


def _field(instruction: str, shown: str) -> str:
    told = instruction if instruction.startswith("<") else _instruction(instruction)
    return _edge("begin") + told + _edge("separate") + shown + _edge("end")


def _instruction(text: str) -> str:
    return f"<w:r><w:instrText>{text}</w:instrText></w:r>"


def _item(text: str, number: int = 1, level: int = 0) -> str:
    place = f'<w:ilvl w:val="{level}"/><w:numId w:val="{number}"/>'
    return paragraph(text, f"<w:numPr>{place}</w:numPr>")


_IF = _instruction("IF ") + _field("MERGEFIELD x", _run("5")) + _instruction('= 5 "yes" "no"')
_OWN = '<w:r><w:footnoteReference w:customMarkFollows="1" w:id="2"/><w:t>*</w:t></w:r>'
_COUNTED = '<w:r><w:footnoteReference w:id="3"/></w:r>'
DOCX = [
    (_run("See ") + _field("REF _R", _run("Table 3")) + _run("."), "See Table 3."),
    (_field(_IF, _run("yes")) + _run(" indeed"), "yes indeed"),
    (_field("PAGEREF", _field("REF", _run("7"))) + _run(" pages"), "7 pages"),
    (_run("One") + _edge("end") + _edge("separate") + _run(" two"), "One two"),
    (
        _field("CITATION K", _run("(Knuth)")) + f"<w:ins>{_run(' new')}</w:ins><w:moveFrom>"
        f"{_run('old')}</w:moveFrom><w:moveTo>{_run(' here')}</w:moveTo>",
        "(Knuth) new here",
    ),
    (
        "<w:r><w:t>co</w:t><w:softHyphen/><w:t>operate non</w:t><w:noBreakHyphen/><w:t>stick</w:t>"
        "</w:r>",
        "cooperate non-stick",
    ),
    ('<w:r><w:sym w:font="Symbol" w:char="FFFFFFFFF"/></w:r>' + _run("Sign"), "Sign"),
]
NUMBERED = [
    (_item("A") + paragraph("Then:") + _item("B"), "Article I. A\n\nThen:\n\nArticle II. B"),
    (_item("A") + _item("x", 1, 1) + _item("y", 1, 1), "Article I. A\n  1.01 x\n  1.02 y"),
    (_item("A") + _item("B") + _item("C", 2), "Article I. A\nArticle II. B\nArticle I. C"),
    (_item("A", 1, 999_999_999), "                - A"),
]
HTML = [
    (
        "<div class='theme-admonition alert'><div><span><svg></svg></span>tip</div><div><p>Use "
        "<code>pump -v</code>.</p></div></div><h2>Start<a href='#a' class='hash-link' aria-label="
        "'Direct link'>\u200b</a></h2><div><div>run.sh</div><pre><code><span style='color:#393A34'>"
        "if x; then<br></span><span style='color:#393A34'>  go<br></span></code></pre></div>",
        "tip\n\nUse pump -v.\n\nStart\n\nrun.sh\n\nif x; then\n  go",
    ),
    (
        "<h2><span class=permalink><a href='#a'>&#9670;&#160;</a></span>start()</h2><p>Starts.",
        "start()\n\nStarts.",
    ),
    (
        "<div><span>public</span>&nbsp;<span>void</span>&nbsp;<span>start</span><wbr><span>(int&nbsp;"
        "speed)</span>\n    throws <a href=E>PumpError</a></div><dl><dt>"
        "Throws:</dt><dd><code><a href=E>PumpError</a></code> - if broken</dd></dl>",
        "public void start(int speed) throws PumpError\n\nThrows:\nPumpError - if broken",
    ),
    (
        "<figure class=callout style='white-space:pre-wrap'><div><span>💡</span></div><div><p>It."
        "</p></div></figure><ol start=1><li>One</ol><ol start=2><li>Two</ol>",
        "💡\n\nIt.\n\n1. One\n\n2. Two",
    ),
    (
        "<table><tr><th rowspan=2>Name<th colspan=2>Limits<tr><th>min<th>max<tr><td>a<td>1<td>9"
        "</table>",
        "Name | Limits |\nName | min | max\na | 1 | 9",
    ),
]
MARKDOWN = [
    (
        "```{list-table} Sizes\n:header-rows: 1\n\n* - Part\n  - *Size*\n* - Seal\n  - - 5\n"
        "    - 6\n```\n",
        "Sizes\n\nPart | Size\nSeal | 5; 6",
    ),
    (
        '```{csv-table} Sizes\n:header: Part, "Size"\n:widths: 1, 2\n\nSeal, "5, `6`"\n\nO, 7\n'
        "```\n",
        "Sizes\n\nPart | Size\nSeal | 5, 6\nO | 7",
    ),
    ("See ![[Note#Part]]and [[Page#Head|alias]] #tag.\n", "See and alias #tag."),
    (
        "> [!tip]- Folded\n> In it.\n> > [!warning]\n> > Inner.\n",
        "Folded\nIn it.\n\nWarning\nInner.",
    ),
]


@each_row(
    "format_name, data, text",
    [
        *(("docx", make_docx(f"<w:p>{page}</w:p>"), text) for page, text in DOCX),
        *(("docx", make_docx(page, numbering=_NUMBERING), text) for page, text in NUMBERED),
        *(("html", f"<html><body>{page}</body></html>", text) for page, text in HTML),
        *(("markdown", page, text) for page, text in MARKDOWN),
    ],
)
def test_nothing_is_lost_or_added(format_name: str, data: bytes | str, text: str) -> None:
    assert read(format_name, data).text == text


def test_a_note_with_a_mark_of_its_own_keeps_it_and_counts_for_none() -> None:
    notes = {"2": "* Own.", "3": "Counted."}
    parts = (f'<w:footnote w:id="{i}">{paragraph(text)}</w:footnote>' for i, text in notes.items())
    body = f"<w:p>{_run('A')}{_OWN}{_run(' b')}{_COUNTED}</w:p>"

    text = read("docx", make_docx(body, footnotes="".join(parts))).text

    assert text == "A[*] b[1]\n\n[*] Own.\n[1] Counted."


@each_row(
    "form, labels",
    [
        ("lowerLetter", {1: "a", 26: "z", 27: "aa", 54: "bbb"}),
        ("ordinal", {1: "1st", 2: "2nd", 3: "3rd", 11: "11th", 21: "21st"}),
        ("decimalEnclosedCircle", {1: "①", 20: "⑳", 21: "21"}),
        ("russianUpper", {1: "А", 10: "К", 29: "Я"}),
        ("ganada", {2: "나"}),
        ("upperRoman", {4: "IV"}),
        ("of another program", {4: "4"}),
        ("lowerLetter", {0: "0", 10**9: "1000000000"}),
    ],
)
def test_numbers_of_items_have_the_forms_of_word(form: str, labels: dict[int, str]) -> None:
    assert {number: in_form(number, form) for number in labels} == labels


def test_a_level_may_count_on_below_another_item() -> None:
    levels = (
        '<w:lvl w:ilvl="0"><w:lvlText w:val="%1."/></w:lvl><w:lvl w:ilvl="1">'
        '<w:lvlRestart w:val="0"/><w:lvlText w:val="%2)"/></w:lvl>'
    )
    numbering = (
        f'<w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    )
    body = _item("A") + _item("x", 1, 1) + _item("B") + _item("y", 1, 1)

    assert read("docx", make_docx(body, numbering=numbering)).text == "1. A\n  1) x\n2. B\n  2) y"


@each_row(
    "style, items, text",
    [
        ('style:num-format="1"', ("", ' text:start-value="5"', ""), "1. a\n5. a\n6. a"),
        (
            'style:num-format="a" style:num-prefix="(" style:num-suffix=")"',
            ("", ""),
            "(a) a\n(b) a",
        ),
        ('style:num-format="①, ②"', ("", ""), "1. a\n2. a"),
    ],
)
def test_items_of_an_odt_have_the_labels_of_their_style(
    style: str, items: tuple[str, ...], text: str
) -> None:
    names = " ".join(f'xmlns:{name}="{name}"' for name in ("office", "text", "style"))
    style = f'<text:list-level-style-number text:level="1" {style}/>'
    listed = "".join(
        f"<text:list-item{start}><text:p>a</text:p></text:list-item>" for start in items
    )
    content = (
        f'<office:doc {names}><text:list-style style:name="L">{style}</text:list-style>'
        f'<office:body><office:text><text:list text:style-name="L">{listed}</text:list>'
        "</office:text></office:body></office:doc>"
    )

    assert read("odt", make_zip({"content.xml": content.encode()})).text == text


def test_a_table_of_many_rows_of_rtf_is_given_to_pandoc_in_parts() -> None:
    rows = [rb"\trowd\cellx1\cellx2\pard\intbl %d\cell b\cell\row" % n for n in range(95)]
    data = b"{\\rtf1\\ansi " + b"\n".join(rows) + b"}"

    parts = one_way(data).data.split(rb"\par ")

    assert max(part.count(rb"\row") for part in parts) <= 30


def test_boxes_of_a_slide_are_read_by_rows_and_breaks_in_cells_are_spaces() -> None:
    def box(text: str, left: int, top: int) -> str:
        place = f'<a:off x="{left}" y="{top}"/><a:ext cx="900000" cy="400000"/>'
        body = f"<p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody>"
        return f"<p:sp><p:spPr><a:xfrm>{place}</a:xfrm></p:spPr>{body}</p:sp>"

    boxes = box("B", 2_000_000, 0) + box("A", 0, 0) + box("C", 0, 900_000)

    assert read("pptx", make_pptx(boxes)).text == "A\n\nB\n\nC"


def test_pages_of_print_and_readings_of_an_epub_are_no_text_of_it() -> None:
    page = (
        '<p>The <span epub:type="pagebreak" title="5"/>pump run<span epub:type="pagebreak">6</span>'
        "s.</p><p><ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字<rt>じ</rt></ruby>です</p>"
    )

    assert (
        read("epub", make_epub({"a.xhtml": page}, ["a.xhtml"])).text == "The pump runs.\n\n漢字です"
    )
