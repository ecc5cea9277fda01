"""Small inputs like those in public reports about other readers, each with all of its text.

The reports: markitdown 1248, 2340; docling 292, 494; mammoth 55, 69, 76; python-docx 825;
trafilatura 233, 372, 553; markdownify 172; pandoc 478; pages of GitHub, MkDocs and Sphinx.
"""

from tests.rows import each_row
from tests.unit.jobs.documents.readers.office.made_office import make_docx, make_pptx
from tests.unit.jobs.documents.readers.reading import read

HTML = [
    ("<p>Price <strike>10</strike> <s>9</s> <del>8</del> 7 euros.</p>", "Price 10 9 8 7 euros."),
    (
        "<dl><dt>one<dt>two<dd><p>First.</p><p>Second.</p><dd>other</dl>",
        "one\ntwo\nFirst.\n\nSecond.\n\nother",
    ),
    (
        "<figure><img alt=x><figcaption>Figure 1: pump</figcaption></figure><p>Text.",
        "Figure 1: pump\n\nText.",
    ),
    (
        '<table class="highlighttable"><tr><td class="linenos"><pre>1\n2</pre></td>'
        '<td class="code"><div><pre><span>def</span> f():\n    pass\n</pre></div></td></tr>'
        "</table>",
        "def f():\n    pass",
    ),
    (
        '<table><tr><td class="blob-num" data-line-number="1"></td><td class="blob-code">def f():'
        '</td></tr><tr><td class="blob-num"></td><td class="blob-code">    return 1 &lt; x</td>'
        "</tr>"
        "</table>",
        "def f():\n    return 1 < x",
    ),
    ("Before<ul><li>one<li>two <b>bold</b></ul>after", "Before\n\n- one\n- two bold\n\nafter"),
    (
        "<table><tr><th>A<th>B<tr><td>x<br>y<td><ul><li>p<li>q</ul></table>",
        "A | B\nx y | p; q",
    ),
    ("<pre>a<br>  b<br/>c</pre>", "a\n  b\nc"),
    (
        '<pre><code><div class="line">if x:</div><div class="line">  y()</div></code></pre>',
        "if x:\n  y()",
    ),
    ("<p>super<wbr>cali&shy;fragil <code>a_<wbr>b</code>.", "supercalifragil a_b."),
    ("<details><summary>More?</summary><p>The answer.</details>", "More?\n\nThe answer."),
    ("<address>Main Street 1<br>Town</address>", "Main Street 1\nTown"),
]
MARKDOWN = [
    ("Text.\n\n(the-seal)=\n\n# Seal\n\nf (x)=1\n", "Text.\n\nSeal\n\nf (x)=1"),
    ("Term\n:   One.\n\n    Two.\n\nOther\n: x\n", "Term\nOne.\n\nTwo.\n\nOther\nx"),
    ("| a | b |\n|---|:-:|\n| x \\| y | z |\n", "a | b\nx | y | z"),
    ("~~~~python\n```\nx = 1\n```\n~~~~\n", "```\nx = 1\n```"),
    ("- [ ] open\n- [x] done\n", "- [ ] open\n- [x] done"),
    ("<details>\n<summary>Click</summary>\n\n**Bold**\n\n</details>\n", "Click\n\nBold"),
    ("# Title {#id .cls}\n\n`code`{.py}\n\n## Closed ##\n", "Title\n\ncode{.py}\n\nClosed"),
    (
        '=== "Linux"\n\n    apt install\n\n=== "BSD"\n\n    pkg add\n',
        "Linux\n\napt install\n\nBSD\n\npkg add",
    ),
    ('??? tip "Mind"\n    Folded.\n', "Mind\n\nFolded."),
    ("> [!WARNING]\n> Hot surface.\n", "Warning\nHot surface."),
    ("import Tabs from \"@theme/Tabs\";\nimport T from 'y'\n\n# Real\n", "Real"),
    ("Text.\n\nimport x from the list of modules\n", "Text.\n\nimport x from the list of modules"),
]
RST = [
    ("| one\n|   two\n| three\n", "one\ntwo\nthree"),
    (
        "+---+---+\n| A | B |\n+===+===+\n| x | y |\n+---+---+\n| both  |\n+-------+\n",
        "A | B\nx | y\nboth",
    ),
    (
        ".. list-table:: T\n   :header-rows: 1\n\n   * - A\n     - B\n   * - 1\n     - 2\n",
        "T\n\nA | B\n1 | 2",
    ),
    ('.. csv-table:: C\n   :header: "a", "b"\n\n   1, "x, y"\n', "C\n\na | b\n1 | x, y"),
    (".. glossary::\n\n   other : noun\n      More.\n", "other : noun\nMore."),
    (
        ".. class:: Pump(name, \\\n           size=2)\n\n   It pumps.\n",
        "Pump(name, size=2)\n\nIt pumps.",
    ),
    (
        ".. data:: MADV_NORMAL\n          MADV_RANDOM\n\n   Options.\n",
        "MADV_NORMAL\n\nMADV_RANDOM\n\nOptions.",
    ),
    ("The :class:`.datetime` of :file:`.bashrc`.\n", "The datetime of .bashrc."),
    (".. seealso:: The *manual*\n", "See also\n\nThe manual"),
    ("A [#]_ b [*]_.\n\n.. [#] one\n.. [*] star\n", "A [1] b [*].\n\n[1] one\n[*] star"),
]


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def symbol(code: str) -> str:
    return f'<w:r><w:sym w:font="Wingdings" w:char="{code}"/></w:r>'


def check_box(inner: str) -> str:
    field = f"<w:ffData><w:checkBox>{inner}</w:checkBox></w:ffData>"
    return f'<w:r><w:fldChar w:fldCharType="begin">{field}</w:fldChar></w:r>'


DOCX = [
    (run("Go ") + symbol("F0E0") + run(" there ") + symbol("F0FC"), "Go → there ✓"),
    (run("In ") + f'<w:smartTag w:element="City">{run("Paris")}</w:smartTag>', "In Paris"),
    (run("Figure ") + f'<w:fldSimple w:instr="SEQ">{run("3")}</w:fldSimple>', "Figure 3"),
    (
        f"<w:r><w:ruby><w:rt>{run('kan')}</w:rt><w:rubyBase>{run('漢字')}</w:rubyBase></w:ruby></w:r>",
        "漢字",
    ),
    (check_box('<w:default w:val="1"/>') + run("agreed"), "[x] agreed"),
    (check_box('<w:default w:val="1"/><w:checked w:val="0"/>') + run("sent"), "[ ] sent"),
    (run("Terms &amp; Conditions"), "Terms & Conditions"),
]


@each_row(
    "format_name, data, text",
    [
        *(("html", f"<html><body>{page}</body></html>", text) for page, text in HTML),
        *(("markdown", page, text) for page, text in MARKDOWN),
        *(("rst", page, text) for page, text in RST),
        *(("docx", make_docx(f"<w:p>{page}</w:p>"), text) for page, text in DOCX),
    ],
)
def test_nothing_is_lost_or_added(format_name: str, data: bytes | str, text: str) -> None:
    assert read(format_name, data).text == text


def test_groups_within_groups_of_a_slide_are_read() -> None:
    def shape(text: str) -> str:
        words = f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>"
        return f"<p:sp><p:txBody>{words}</p:txBody></p:sp>"

    group = f"<p:grpSp><p:grpSp>{shape('deep')}</p:grpSp>{shape('shallow')}</p:grpSp>"

    assert read("pptx", make_pptx(group)).text == "deep\n\nshallow"
