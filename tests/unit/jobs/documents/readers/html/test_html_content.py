"""Which parts of a page are its text: nothing goes by its tag alone."""

from tests.rows import each_row
from tests.unit.jobs.documents.readers.made_files import make_epub
from tests.unit.jobs.documents.readers.reading import headings, read

SENTENCE = "The pump is cleaned once a week, and the filter is changed once a year."


@each_row(
    "page",
    [
        f"<form action='post.aspx'><div><p>{SENTENCE}</p></div><input value='Search'></form>",
        f"<form>{SENTENCE}</form>",
        f"<section><header><p>{SENTENCE}</p></header></section>",
        f"<aside class='note'><p>{SENTENCE}</p></aside>",
        f"<aside role='note' aria-label='Danger'><p>{SENTENCE}</p></aside>",
        f"<aside class='sidebar'><p>{SENTENCE}</p></aside>",
        f"<div role='tabpanel' hidden><p>{SENTENCE}</p></div>",
        f"<div class='tabbed-content tab-pane' aria-hidden='true'><p>{SENTENCE}</p></div>",
        f"<div class='accordion-body' style='display: none'><p>{SENTENCE}</p></div>",
        f"<div hidden='until-found'>{SENTENCE}</div>",
        f"<details><summary></summary>{SENTENCE}</details>",
        f"<nav><ul><li><a href='/'>Home</a></li></ul><main><p>{SENTENCE}</p></main>",
        f"<dialog open>{SENTENCE}</dialog>",
        f"<blockquote><footer>{SENTENCE}</footer></blockquote>",
        f"<footer class='footnotes'><p>{SENTENCE}</p></footer>",
        f"<center><font size=2><nobr>{SENTENCE}</nobr></font></center>",
        f"<my-callout kind='tip'>{SENTENCE}</my-callout>",
        f"<p><a>{SENTENCE}</a></p>",
        f"<ul><li><span class='content' tabindex='0'>{SENTENCE}</span></li></ul>",
        f"<div id='content' style='display:none'><p>{SENTENCE}</p></div>",
    ],
)
def test_text_is_kept_whatever_stands_around_it(page: str) -> None:
    assert SENTENCE in read("html", f"<body>{page}</body>").text


@each_row(
    "page",
    [
        "<nav><a href='a'>Start</a> <a href='b'>Manual</a></nav>",
        "<div role='navigation'><a href='a'>Start</a></div>",
        "<header><img src='logo.png'><a href='/'>Example</a></header>",
        "<footer>Copyright 2026 Example. All rights reserved. Read the terms of use.</footer>",
        "<aside class='related'><a href='a'>Other pumps</a> <a href='b'>Other filters</a></aside>",
        "<form role='search'><label>Find</label><input></form>",
        "<form><label>Mail</label><input><button>Send</button></form>",
        "<button>Copy</button>",
        "<select><option>German</option><option>English</option></select>",
        "<textarea>draft</textarea>",
        "<div class='breadcrumbs'><a href='a'>Docs</a> / <a href='b'>Pumps</a></div>",
        "<dialog><p>We use cookies.</p></dialog>",
        "<noscript>Switch on scripts.</noscript>",
        "<div hidden>seen by nobody</div>",
        "<span class='accordion-icon' aria-hidden='true'>expand_more</span>",
        "<ul class='dropdown-content' hidden><li><a href='a'>Pumps and valves</a></ul>",
        "<p><a class='headerlink' href='#x'>¶</a><a href='#fn1'>↩︎</a></p>",
    ],
)
def test_menus_controls_and_what_nobody_sees_are_left_out(page: str) -> None:
    assert read("html", f"<body><p>Text.</p>{page}</body>").text == "Text."


@each_row(
    "page",
    [
        "<h3><button aria-expanded='false'>How is it reset?</button></h3><div>Hold the key.</div>",
        "<button class='accordion'>How is it reset?</button><div class='panel'>Hold the key.</div>",
        "<div role='tab'><button role='tab'>How is it reset?</button></div><p>Hold the key.</p>",
        "<summary><button>How is it reset?</button></summary><p>Hold the key.</p>",
    ],
)
def test_a_button_that_asks_the_question_is_kept(page: str) -> None:
    assert read("html", page).text == "How is it reset?\n\nHold the key."


def test_a_button_that_is_named_in_a_sentence_is_kept() -> None:
    assert read("html", "<p>Press <button>Save</button> now.</p>").text == "Press Save now."


def test_a_teaser_in_the_only_article_is_not_taken_for_the_page() -> None:
    page = f"<div><p>{SENTENCE}</p><p>{SENTENCE}</p></div><article><p>News.</p></article>"

    assert read("html", page).text == f"{SENTENCE}\n\n{SENTENCE}\n\nNews."


def test_the_heading_of_a_page_is_kept_where_it_stands_before_the_main_part() -> None:
    page = f"<header><h1>Pumps</h1></header><div>Skip</div><main><p>{SENTENCE}</p></main>"

    extract = read("html", page)

    assert extract.text == f"Pumps\n\n{SENTENCE}"
    assert (extract.title, headings(extract)) == ("Pumps", [(1, "Pumps")])


@each_row(
    "page, text",
    [
        ("<p>a</p><script src='x.js'/><p>b</p>", "a\n\nb"),
        ("<p>a<span class='x' id='y'/>b</p><i/>c", "ab\n\nc"),
        ("<a id='top'/><h2>Head</h2><p>a <br/>b</p>", "Head\n\na\nb"),
        ("<pre><![CDATA[if a < b && c:\n    d]]></pre>", "if a < b && c:\n    d"),
        ("<p>before</p><![CDATA[never closed<p>after</p>", "before\n\nnever closed\n\nafter"),
    ],
)
def test_xhtml_is_read_as_it_is_meant(page: str, text: str) -> None:
    assert read("html", page).text == text


def test_a_sidebar_of_an_epub_is_text() -> None:
    chapter = (
        '<html xmlns:epub="http://www.idpf.org/2007/ops"><body><p>Chapter.</p>'
        '<aside epub:type="sidebar"><a href="x.xhtml">The first pump</a></aside></body></html>'
    )

    assert read("epub", make_epub({"a": chapter}, ["a"])).text == "Chapter.\n\nThe first pump"


@each_row(
    "heading",
    [
        '<h2 id=a><a class="header" href="#a">The <code>x</code> field</a></h2>',
        '<h2 class="header"><a href="/fields/x">The <code>x</code> field</a></h2>',
        '<h2 id=a class="nav"><a href="#a">The <code>x</code> field</a></h2>',
    ],
)
def test_a_title_that_is_a_link_is_no_menu(heading: str) -> None:
    page = f"<main><p>{SENTENCE}</p>{heading}<p>{SENTENCE}</p></main>"

    assert f"\n\nThe x field\n\n{SENTENCE}" in read("html", page).text


def test_the_title_of_a_page_with_a_link_beside_it_is_no_menu() -> None:
    link = "<div>Package <a href=s.html>org.example.lang3.text.similarity</a></div>"
    page = f"<main><div class=header>{link}<h1>Class Pump</h1></div><p>{SENTENCE}</p></main>"

    assert "\n\nClass Pump\n\n" in read("html", page).text


@each_row(
    "note",
    [
        "<dl class=footnote><dt class=label id=n1><span class=brackets>1</span>"
        "<span class=fn-backref>(<a href='#id1'>1</a>,<a href='#id2'>2</a>)</span></dt>"
        "<dd><p>So it is.</p></dd></dl>",
        "<dl class=footnote><dt class=label id=n1><span class=brackets>"
        "<a class=fn-backref href='#id1'>1</a></span></dt><dd><p>So it is.</p></dd></dl>",
    ],
)
def test_a_note_is_shown_without_the_ways_back_to_its_marks(note: str) -> None:
    text = read("html", f"<main><p>{SENTENCE}</p>{note}</main>").text

    assert " ".join(text.removeprefix(SENTENCE).split()) == "[1] So it is."


def test_an_aside_of_docutils_has_no_ways_back() -> None:
    back = "<span class=backrefs>(<a href='#id1'>1</a>,<a href='#id2'>2</a>)</span>"
    note = f"<aside class=footnote><span class=label>[1]</span>{back}<p>So it is.</p></aside>"

    assert "(1,2)" not in read("html", f"<main><p>{SENTENCE}</p>{note}</main>").text
