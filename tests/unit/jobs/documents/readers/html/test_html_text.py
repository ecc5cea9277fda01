"""How the text between tags is written: exponents, formulas, lists, tables, code."""

from tests.rows import each_row
from tests.unit.jobs.documents.readers.reading import headings, read


@each_row(
    "page, text",
    [
        ("10<sup>6</sup> writes, 2<sup>10</sup>, 10<sup>-3</sup> s", "10^6 writes, 2^10, 10^-3 s"),
        ("5 m<sup>2</sup> and (a+b)<sup>2</sup>", "5 m^2 and (a+b)^2"),
        ("x<sup>n+1</sup>, e<sup>x<sub>i</sub></sup>", "x^(n+1), e^(x_i)"),
        (
            "H<sub>2</sub>O, x<sub>i</sub>, V<sub>in</sub>, 1010<sub>2</sub>",
            "H2O, x_i, V_in, 1010_2",
        ),
        ("the 1<sup>st</sup> and the 2<sup>nd</sup>, M<sup>me</sup>", "the 1st and the 2nd, Mme"),
        ("Example<sup>TM</sup> valve<sup>®</sup>", "ExampleTM valve®"),
        ("pressure<sup><a href='#f1'>1</a></sup>.", "pressure[1]."),
        ("pressure<a href='#f1'><sup>2</sup></a>.", "pressure[2]."),
        ("pressure.<sup>[3]</sup>", "pressure.[3]"),
        ("bar<a role='doc-noteref' href='#f1'>1</a>.", "bar[1]."),
        ("bar<a epub:type='noteref' href='#f1'>2</a>.", "bar[2]."),
        ("bar<sup><a role='doc-noteref' href='#f1'>3</a></sup>.", "bar[3]."),
        ("bar<a role='doc-noteref' href='#f1'>[4]</a>.", "bar[4]."),
        ("pressure<sup>4</sup> rises", "pressure[4] rises"),
        ("<sup>1</sup> A note.", "1 A note."),
        ("<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字<rt>じ</rt></ruby>です", "漢字です"),
        ("東京\n大阪 and\nOslo", "東京大阪 and Oslo"),
        ("He said <q>stop</q>.", 'He said "stop".'),
        ("o\ufb03ce, soft\u00adware, long<wbr>word", "office, software, longword"),
    ],
)
def test_what_is_set_above_below_or_between_stays_readable(page: str, text: str) -> None:
    assert read("html", f"<p>{page}</p>").text == text


@each_row(
    "formula, text",
    [
        (
            "<span class='katex'><span class='katex-mathml'><math><semantics><mi>E</mi>"
            "<annotation encoding='application/x-tex'>E=mc^2</annotation></semantics></math></span>"
            "<span class='katex-html' aria-hidden='true'>E=mc2</span></span>",
            "E=mc^2",
        ),
        ("<math><msup><mi>x</mi><mn>2</mn></msup><mo>+</mo><mn>1</mn></math>", "x^2+1"),
        (
            "<math><mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac></math>",
            "(a+b)/2",
        ),
        (
            "<math><mfrac><mi>b</mi><mrow><mn>2</mn><mi>a</mi></mrow></mfrac></math>",
            "b/(2a)",
        ),
        ("<math><msqrt><mi>x</mi></msqrt><mo>&#x2062;</mo><mi>y</mi></math>", "sqrt(x)y"),
        (
            "<math><mtable><mtr><mtd>1</mtd><mtd>0</mtd></mtr><mtr><mtd>0</mtd><mtd>1</mtd></mtr>"
            "</mtable></math>",
            "1, 0; 0, 1",
        ),
        ("<span style='display:none'><math><mi>a</mi></math></span>", "a"),
        ("<img class='math' alt='a_1 + b_2' src='m.png'>", "a_1 + b_2"),
        (
            "<span class='MathJax_Preview'>p</span><span class='MathJax'>shown</span>"
            "<script type='math/tex'>a < b</script>",
            "a < b",
        ),
    ],
)
def test_a_formula_is_written_once(formula: str, text: str) -> None:
    assert read("html", f"<p>If {formula} holds.</p>").text == f"If {text} holds."


@each_row(
    "page, text",
    [
        ("<ol start=3><li>a<li>b</ol>", "3. a\n4. b"),
        ("<ol><li>a<li value=7>b<li>c</ol>", "1. a\n7. b\n8. c"),
        ("<ol reversed><li>a<li>b</ol>", "2. a\n1. b"),
        (
            "<ol type=a><li>a<li>b</ol><ol class='upperroman'><li>c<li>d</ol>",
            "a. a\nb. b\n\nI. c\nII. d",
        ),
        ("<ul><li>a</li><li></li></ul><h2>Head</h2>", "- a\n\nHead"),
        ("<ul><li><h3>Head</h3>text</li></ul>", "Head\n\ntext"),
        ("<ul><li><input type=checkbox checked disabled> done</li></ul>", "- [x] done"),
        ("<ul><li>- made by hand</ul>", "- made by hand"),
        ("<ul><li><p>a</p><pre>x\n  y</pre></li><li>b</ul>", "- a\n\nx\n  y\n\n- b"),
        ("<dl><dt>mtu<dd>Size.<dt>ttl<dd>Reach.</dl><p>x", "mtu\nSize.\n\nttl\nReach.\n\nx"),
        ("<dl><dt><a href='a'>1. Start</a></dl><h2>Start</h2>", "1. Start\n\nStart"),
        ("<aside class='footnote'><span>[1]</span><p>A note.</p></aside>", "[1] A note."),
        (
            "<div class='line-block'><div class='line'>a</div><div class='line'>b</div></div>",
            "a\nb",
        ),
    ],
)
def test_lists_show_what_a_browser_shows(page: str, text: str) -> None:
    assert read("html", page).text == text


@each_row(
    "rows, text",
    [
        (
            "<tr><th colspan=2>Size<th>Price<tr><td>1<td>2<td>3",
            "Size |  | Price\n1 | 2 | 3",
        ),
        ("<tr><th rowspan=2>A<th>B<tr><td>b<tr><td>c<td>d", "A | B\nA | b\nc | d"),
        ("<tr><th>A<th>B<tr><td colspan=2>both<tr><td>1<td>2", "A | B\nboth\n1 | 2"),
        ("<tr><th>A<th>B<tr><td><ul><li>x<li>y</ul><td>2", "A | B\nx; y | 2"),
        ("<tr><td>m<td><ul><li>x<li>y</ul><tr><td>n<td>z", "m | x; y\nn | z"),
        (
            "<tr><td>m<td><ol><li>x<li><p>y</ol><ol start=5 type=a><li>z</ol><tr><td>n<td>z",
            "m | 1. x; 2. y; e. z\nn | z",
        ),
        ("<tr><th>A<th>B<tr><td>a<br>b<td>c", "A | B\na b | c"),
        ("<tr><th>A<th>B<tr><td>1<td><table><tr><td>x<td>y</table>", "A | B\n1 | x, y"),
        (
            "<tr><th>A<th>B<tr><td>1<td><table><tr><td>x<td>y<tr><td>z<td>w</table>",
            "A | B\n1 | x, y; z, w",
        ),
        ("<tr><th><th>Mon<th>Tue<tr><th>Ann<td><td>5", " | Mon | Tue\nAnn |  | 5"),
        ("<tr><td><pre>a\n  b</pre><td>c", "a\n  b\n\nc"),
        ("<caption>Sizes</caption><tr><td>1<td>2", "Sizes\n\n1 | 2"),
        ("<tr><td>x<td rowspan=0>y", "x | y"),
        ("<tr><td colspan=nonsense>x<td>y", "x | y"),
    ],
)
def test_cells_stay_in_their_rows_and_columns(rows: str, text: str) -> None:
    assert read("html", f"<table>{rows}</table>").text == text


@each_row(
    "page, text",
    [
        ("<pre>a\n\tb<br>c</pre>", "a\n\tb\nc"),
        ("<pre><code><div>a</div><div>  b</div></code></pre>", "a\n  b"),
        ("<pre><span>a</span>\n<span>  b</span>\n</pre>", "a\n  b"),
        ("<pre><code>import a</code><code>require('a')</code></pre>", "import a\nrequire('a')"),
        ("<pre>run <code>x</code> now</pre>", "run x now"),
        ("<pre><code>$ </code><b><code>ls</code></b>\na</pre>", "$ ls\na"),
        ("<table><tr><td class=linenos><pre>1\n2</pre><td><pre>a\n  b</pre></table>", "a\n  b"),
        ("<pre><button>Copy</button><a class=lineno>1</a>x = 1</pre>", "x = 1"),
        ("<xmp>a <b>\n  c</xmp>", "a <b>\n  c"),
        ("<pre>\n    first line is indented\n</pre>", "    first line is indented"),
        ("<p>a   b\n  c</p>", "a b c"),
    ],
)
def test_code_keeps_its_lines_and_indentation(page: str, text: str) -> None:
    assert read("html", page).text == text


def test_two_breaks_end_a_paragraph() -> None:
    assert read("html", "<p><br>a<br>b<br> <br/>\n<br>c<br><br></p>").text == "a\nb\n\nc"


def test_a_break_in_a_heading_does_not_cut_it() -> None:
    extract = read("html", "<h2>Pumps<br>and filters</h2><p>Text.")

    assert headings(extract) == [(2, "Pumps and filters")]


def test_spans_that_are_too_large_cost_little() -> None:
    page = "<table><tr>" + "<td colspan=1000 rowspan=65534>x" * 60 + "<tr><td>y" * 120 + "</table>"

    assert len(read("html", page).text) < 500_000


def test_superscripts_within_each_other_are_read_once() -> None:
    assert read("html", "<sup>a" * 2_000).text.count("a") == 2_000
