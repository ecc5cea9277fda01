from tests.rows import each_row
from tests.unit.jobs.documents.readers.reading import headings, read


def test_only_the_main_content_is_read() -> None:
    page = (
        "<head><title>A &amp; B</title><style>p {}</style></head><body><nav>menu</nav>"
        "<header>logo</header><main><h1>Title</h1><p>Text.<script>run()</script></p></main>"
        '<div class="navfooter big">next</div><div role="search">find</div>'
        "<aside>advert</aside><footer>imprint</footer>"
    )

    extract = read("html", page)

    assert (extract.title, extract.text) == ("A & B", "Title\n\nText.")
    assert headings(extract) == [(1, "Title")]


def test_what_a_reader_cannot_see_is_not_read() -> None:
    page = (
        '<p>seen</p><p hidden>no</p><p style="color: red; display:none">no</p>'
        '<p aria-hidden="true">no</p><!-- no --><template>no</template>'
    )

    assert read("html", page).text == "seen"


def test_blocks_are_apart_and_inline_elements_are_not() -> None:
    page = "<div>one</div><div>two<p>three</p>four</div>fi<b>ve</b> <i>six</i><br>seven"

    assert read("html", page).text == "one\n\ntwo\n\nthree\n\nfour\n\nfive six\nseven"


def test_lists_have_one_line_an_item_and_nested_ones_are_indented() -> None:
    page = "<p>List:<ul><li>a<ol><li>b<li>c</ol><li><p>d</p></ul><p>after"

    assert read("html", page).text == "List:\n\n- a\n  1. b\n  2. c\n- d\n\nafter"


def test_a_table_has_one_line_a_row() -> None:
    page = "<table><tr><th>A<th>B<tr><td><p>1</p><p>2</p><td>3</table><p>after"

    assert read("html", page).text == "A | B\n1 2 | 3\n\nafter"


def test_a_table_that_lays_out_the_page_is_no_table() -> None:
    page = "<table><tr><td><h2>Head</h2><p>Text.<td><ul><li>x</ul></table>"

    extract = read("html", page)

    assert extract.text == "Head\n\nText.\n\n- x"
    assert headings(extract) == [(2, "Head")]


def test_preformatted_text_keeps_its_spaces_and_lines() -> None:
    page = "<pre>def f():\n    return  1\n</pre><p>x   y</p>"

    assert read("html", page).text == "def f():\n    return  1\n\nx y"


def test_permalinks_are_dropped_and_footnotes_kept() -> None:
    page = '<h2>Head<a href="#head">¶</a></h2><aside class="footnote">A note.</aside>'

    assert read("html", page).text == "Head\n\nA note."


def test_an_empty_xhtml_title_does_not_swallow_the_page() -> None:
    page = '<?xml version="1.0"?><html><head><title/></head><body><p>Text.</p></body></html>'

    assert read("html", page).text == "Text."


@each_row(
    "data",
    [
        '<meta charset="iso-8859-1"><p>café</p>'.encode("latin-1"),
        '<?xml version="1.0" encoding="windows-1252"?><p>café</p>'.encode("cp1252"),
        "<p>café</p>".encode(),
        "<p>café</p>".encode("utf-16"),
        '<meta charset="no-such-thing"><p>café</p>'.encode(),
    ],
)
def test_the_encoding_is_the_declared_or_the_real_one(data: bytes) -> None:
    assert read("html", data).text == "café"


def test_elements_nested_three_thousand_deep_are_read() -> None:
    page = "<div><b>" * 3_000 + "deep" + "</b></div>" * 3_000

    assert read("html", page).text == "deep"
