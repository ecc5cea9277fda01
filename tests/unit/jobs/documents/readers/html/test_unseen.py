"""What a page holds that nobody sees, like that in public reports.

The reports: docling 1112 (classes that hide), etk 353, and pages of Bootstrap, Tailwind, Material
Design, GitHub, Tufte CSS, and of banners about cookies.
"""

import time

from tests.rows import each_row
from tests.unit.jobs.documents.readers.made_files import make_epub
from tests.unit.jobs.documents.readers.reading import headings, read

LONG = "The pump is cleaned once a week by hand, and the filter is changed once a year, " * 3


@each_row(
    "page",
    [
        "<p>The pump<span class='visually-hidden'> is described here</span> starts.",
        "<p>The pump <span class='sr-only'>(current)</span> starts.",
        "<span class='screen-reader-text'>Skip to content</span><p>The pump starts.",
        "<div class='d-none'><p>id 4711</div><p>The pump starts.",
        "<p>The pump starts.<div class='hidden'>internal words</div>",
        "<p>The pump starts.<a href='#p'><span class='sr-only'>Permalink to it</span>#</a>",
        "<p>The pump <i class='material-icons'>chevron_right</i> starts.",
        "<p>The pump <mat-icon class='mat-icon'>home</mat-icon> starts.",
        "<p>The pump starts.<div class='cookie-banner'><p>We use cookies to serve you.</div>",
        "<p>The pump starts.<div class='gdpr-notice x'><p>We use cookies to serve you.</div>",
        "<p>The pump starts.<pre class=newpage><span class=grey>RFC 1   May 2001</span></pre>",
        "<div><button title='Copy to clipboard'>Copy it</button></div><p>The pump starts.",
        "<p>The pump <button class='btn-clipboard'>Copy</button>starts.",
        "<input type=checkbox id=menu class=menu-btn><label for=menu></label><p>The pump starts.",
        "<p>The pump<label for=n1></label><input type=checkbox id=n1 class=margin-toggle> starts.",
        "<div id='onetrust-banner-sdk'><p>We use cookies.</div><p>The pump starts.",
        "<div id=CybotCookiebotDialog><h2>This site uses cookies</h2></div><p>The pump starts.",
        "<div class='cc-window x'>We use cookies. <a>Yes</a></div><p>The pump starts.",
        "<p>The pump starts.<p style='position:absolute; left:-9999px'>Words for machines.",
        "<div class='swiper-slide clone' aria-hidden=true>The pump.</div><p>The pump starts.",
        "<div class=social-share><a href=x>Share it</a></div><p>The pump starts.",
    ],
)
def test_what_nobody_sees_is_left_out(page: str) -> None:
    assert read("html", f"<!DOCTYPE html><body>{page}").text == "The pump starts."


@each_row(
    "page, text",
    [
        ("<div class='d-none d-md-block'>The valve.</div>", "The valve."),
        ("<div class='hidden md:flex'>The valve.</div>", "The valve."),
        (f"<div class='hidden'>{LONG}</div>", LONG.strip()),
        ("<h3>Q?</h3><div role=region hidden>Press it.</div>", "Q?\n\nPress it."),
        ("<div class='tab-pane hidden'>Use apt on Linux.</div>", "Use apt on Linux."),
        (
            "<table><tr><th>OS<th>Runs<tr><td>BSD<td><i class=x></i><span class=sr-only>No</span>"
            "</table>",
            "OS | Runs\nBSD | No",
        ),
        ("<div class='material-icons-guide'>Icons of it.</div>", "Icons of it."),
        ("<p class='material-icons'>Two words.", "Two words."),
        ("<section class='cookies'><h2>Cookies</h2><p>A cookie.", "Cookies\n\nA cookie."),
        (
            "<footer><ol class=footnotes><li id=n>Gauge pressure.</ol></footer>",
            "1. Gauge pressure.",
        ),
        ("<h3><button>Copy the file?</button></h3><p>No.", "Copy the file?\n\nNo."),
        ("<table><tr><th>A<td><span class=grey title=x>one</span></table>", "A | one"),
        ("<ul><li><input type=checkbox> Fill it</ul>", "- [ ] Fill it"),
        (
            "<ul class='nav nav-tabs'><li><a href='#a'>Linux</a></ul><div id=a class=tab-pane "
            "style='display:none'><p>Use apt.</div>",
            "- Linux\n\nUse apt.",
        ),
        ("<p>How?<div class=faq-answer style='display:none'>So.</div>", "How?\n\nSo."),
        (
            "<a href='#two'>More</a><div id=two style='display:none'>All of it.",
            "More\n\nAll of it.",
        ),
        ("<a data-target='#m'>Ask</a><div id=m class=modal hidden>Your name?</div>", "Ask"),
        ("<div id=x hidden>It is not shown.</div><p>Text.", "Text."),
        ("<div class=carousel-item aria-hidden=true>The second slide.", "The second slide."),
        ("<p><input type=checkbox checked disabled> Done", "[x] Done"),
    ],
)
def test_what_is_seen_at_times_is_kept(page: str, text: str) -> None:
    assert read("html", f"<!DOCTYPE html><body>{page}").text == text


@each_row(
    "more",
    [
        "<span class='u-visually-hidden'> Permalink</span>",
        " <button id=copy-path title='Copy item path to clipboard'>Copy item path</button>",
    ],
)
def test_a_heading_has_no_words_that_are_none_of_it(more: str) -> None:
    page = f"<h2>Install{more}</h2><p>Text."

    assert headings(read("html", page)) == [(2, "Install")]


def test_notes_of_github_have_neither_links_back_nor_a_heading() -> None:
    page = (
        "<p>Five bar<sup><a href='#fn-1' id='r1' data-footnote-ref>1</a></sup>.</p>"
        "<section class=footnotes><h2 class=sr-only>Footnotes</h2><ol><li id='fn-1'><p>Gauge. "
        "<a href='#r1'>↩</a> <a href='#r2'>↩<sup>2</sup></a></p></li></ol></section>"
    )

    assert read("html", page).text == "Five bar[1].\n\n[1] Gauge."


@each_row("kind", ["footnote", "rearnote", "endnote"])
def test_a_note_of_an_epub_has_the_label_of_its_mark(kind: str) -> None:
    chapter = (
        '<html xmlns:epub="http://www.idpf.org/2007/ops"><body><p>Five bar<a epub:type="noteref" '
        f'href="#n">1</a>.</p><aside epub:type="{kind}" id="n" hidden="hidden"><p>Gauge.</p>'
        "</aside></body></html>"
    )

    text = read("epub", make_epub({"a": chapter}, ["a"])).text

    assert text == "Five bar[1].\n\n[1] Gauge."


@each_row("tag", ["<span class=hidden>", "<span class=sr-only>", "<div class=cookie-banner>"])
def test_what_may_be_hidden_is_looked_at_in_linear_time(tag: str) -> None:
    page = f"<p>Text.</p>{tag * 6_000}"

    started_s = time.process_time()
    assert read("html", page).text == "Text."

    assert time.process_time() - started_s < 3  # a step for each pair takes twice as long


@each_row(
    "page",
    [
        "<div class=article-votes><span>Was this article helpful?</span><small>3 out of 5 found "
        "this helpful</small></div>",
        "<section class='page-feedback'><p>Is this page useful?</p><a href=x>Yes</a></section>",
        "<div class='c-helpful'>War diese Seite hilfreich? Ja Nein</div>",
    ],
)
def test_what_a_site_asks_of_each_page_is_no_text(page: str) -> None:
    assert read("html", f"<main><p>Text.</p>{page}</main>").text == "Text."


def test_what_is_told_of_feedback_is_text() -> None:
    page = "<div class=feedback><p>The feedback valve is closed first, which helps.</p></div>"

    assert read("html", page).text == "The feedback valve is closed first, which helps."


def test_numbers_of_lines_of_an_editor_are_no_text() -> None:
    page = "<div class=CodeMirror-linenumber>12</div><pre class=CodeMirror-line>let a</pre>"

    assert read("html", page).text == "let a"
