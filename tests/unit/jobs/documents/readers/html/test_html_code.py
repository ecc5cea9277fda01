"""Code of web pages whose lines only a style sheet shows; what stands elsewhere than it is shown.

Pages as Doxygen, Shiki, google-code-prettify, Sphinx and rustdoc make them.
"""

from tests.rows import each_row
from tests.unit.jobs.documents.readers.reading import read

LINES_OF_CODE = [
    "<pre class=linenums><ol><li class=L0>a = 1</li><li class=L1>  b</li></ol></pre>",
    "<pre><code><span class=line>a = 1</span><span class=line>  b</span></code></pre>",
    "<pre><code><span class=line>a = 1</span>\n<span class=line>  b</span></code></pre>",
    "<pre><code><span class=line>a = 1\n</span><span class=line>  b\n</span></code></pre>",
    "<pre><span class='code-line x'>a = 1</span><span class='code-line'>  b</span></pre>",
    "<div class=fragment><div class=line><span class=lineno>    1</span>&#160;a = 1</div>\n"
    "<div class=line><span class=lineno>    2</span>&#160;  b</div></div>",
    "<div class=fragment><div class=line>a = 1</div><div class=line>&#160; b</div></div>",
    "<div style='white-space: pre; font-family: monospace'>a = 1\n  b</div>",
    "<p style='white-space:pre-wrap'>a = 1\n  <b>b</b></p>",
]


@each_row("page", LINES_OF_CODE)
def test_lines_of_code_are_those_that_are_shown(page: str) -> None:
    assert read("html", f"<p>Text.</p>{page}").text == "Text.\n\na = 1\n  b"


@each_row(
    "page",
    [
        "<div class='fragment fade-in'><p>One</p>\n  <p>Two</p></div>",
        "<div style='white-space: pre-wrap'>\n  <p>One</p>\n  <p>Two</p>\n</div>",
        "<div style='white-space: nowrap'>One<br><br>Two</div>",
    ],
)
def test_prose_is_no_code_whatever_its_class_and_style(page: str) -> None:
    assert read("html", page).text == "One\n\nTwo"


def test_lists_after_code_in_a_list_are_indented_as_before() -> None:
    page = "<pre><ol><li>a</li></ol></pre><ul><li>one<ul><li>two</ul></ul>"

    assert read("html", page).text == "a\n\n- one\n  - two"


def test_the_foot_of_a_table_stands_below_it_wherever_it_is_written() -> None:
    page = (
        "<table><thead><tr><th>A<th>B</thead><tfoot><tr><td>Sum<td>3</tfoot>"
        "<tbody><tr><td>x<td title=y>1</tbody></table>"
    )

    assert read("html", page).text == "A | B\nx | 1\nSum | 3"


@each_row(
    "link",
    [
        '<a href="_m.html"><span class="viewcode-link">[source]</span></a>',
        '<a class="viewcode-back" href="m.html">[docs]</a>',
        '<a class="src rightside" href="../src/m.rs.html">source</a>',
        '<a class="srclink" href="../src/m.rs.html">[src]</a>',
    ],
)
def test_links_to_the_source_of_what_is_described_are_left_out(link: str) -> None:
    page = f"<dl><dt><code>f</code>(<em>x</em>){link}</dt><dd>Does it.</dd></dl>"

    assert read("html", page).text == "f(x)\nDoes it."


def test_code_of_a_class_named_as_such_links_are_is_kept() -> None:
    assert read("html", '<pre class="src src-python">x = 1</pre>').text == "x = 1"


@each_row(
    "deep", ["<div class=fragment><div class=line>a</div>", "<div style='white-space:pre'>\na"]
)
def test_code_within_code_without_end_is_read(deep: str) -> None:
    assert read("html", deep * 1_200).text.count("a") == 1_200


@each_row(
    "page, text",
    [
        (
            "<div class=fragment><p>Explained.</p><div class=line>a = 1;</div>more</div>",
            "Explained.\n\na = 1;\n\nmore",
        ),
        ("<div class=fragment><div class=line>a<div class=line>b</div></div></div>", "a\n\nb"),
    ],
)
def test_fragment_that_is_not_lines_of_code_alone_loses_nothing(page: str, text: str) -> None:
    assert read("html", f"<main>{page}</main>").text == text


def test_link_of_a_class_for_sources_is_kept_if_it_says_something_else() -> None:
    page = "<main><p>See <a class=src href=p.png>picture one</a> for more.</p></main>"

    assert read("html", page).text == "See picture one for more."


def test_a_comma_of_a_signature_of_doxygen_touches_its_parameter() -> None:
    cells = "<td>int start </td><td>(</td><td>int&#160;</td><td><em>speed</em>, </td>"
    page = (
        f"<table class=memname><tr>{cells}</tr><tr><td>bool</td><td><em>on</em></td></tr></table>"
    )

    assert read("html", page).text == "int start ( int speed, bool on"


def test_javadoc_numbers_the_lines_of_its_sources() -> None:
    lines = ("package a;", "class B {", "}")
    numbered = (
        f'<span class="source-line-no">{n:03}</span><span>{line}</span>\n'
        for n, line in enumerate(lines, start=1)
    )

    assert read("html", f"<pre>{''.join(numbered)}</pre>").text == "\n".join(lines)


def test_of_what_rustdoc_says_beside_a_name_its_version_is_left() -> None:
    since = "<span class=rightside><span>1.0.0</span> · <a class=src href=o.rs>Source</a></span>"
    folded = (
        "<details open><summary class=hideme>Expand description</summary><p>So it is.</p></details>"
    )
    page = f"<main><section>{since}<h4>pub fn is_some()</h4></section>{folded}</main>"

    assert read("html", page).text == "1.0.0\n\npub fn is_some()\n\nSo it is."
