"""Pages like those in public reports about other readers, each with all of its text.

The reports: trafilatura 233, 430, 431, 531, 829, 890; docling 1927, 3508, 3618, and docling.rs 81;
turndown 26, 125, 450; markdownify 155; xberg 942, 1489; and pages of Doxygen, MediaWiki, Chroma,
Rouge, cgit, Material for MkDocs, VitePress, Cloudflare.
"""

from tests.rows import each_row
from tests.unit.jobs.documents.readers.made_files import make_epub
from tests.unit.jobs.documents.readers.reading import headings, read

SENTENCE = "The pump is cleaned once a week, and the filter is changed once a year."
LISTS = [
    (
        "<ol><li>One</li><li>Two</li><ol><li>Inner</li></ol><li>Three</li></ol>",
        "1. One\n2. Two\n  1. Inner\n3. Three",
    ),
    (
        "<ol style='list-style-type: lower-alpha'><li>One<li>Two</ol>"
        "<ol style='list-style:upper-roman inside'><li>X<li>Y</ol>",
        "a. One\nb. Two\n\nI. X\nII. Y",
    ),
    (
        "<ul><li><span>Step</span><div><div><ul><li>Detail</ul></div></div></li><li>Next</ul>",
        "- Step\n  - Detail\n- Next",
    ),
    (
        "<ol><li>One<li>Two<table><tr><th>A<th>B<tr><td>x<td><ul><li>p<li>q</ul></table>"
        "<li>Three</ol>",
        "1. One\n2. Two\nA | B\nx | p; q\n\n3. Three",
    ),
    (
        "<div role=list><div role=listitem>One</div><div role=listitem>Two</div></div>",
        "- One\n- Two",
    ),
]
TABLES = [
    (
        "<div role=table><div role=row><span role=columnheader>Part</span><span role=columnheader>"
        "Price</span></div><div role=row><span role=cell>Seal</span><span role=cell>5</span></div>"
        "</div>",
        "Part | Price\nSeal | 5",
    ),
    (
        "<table><tr><th>OS<th>Runs<tr><td>Linux<td><a><img src=y.png alt='Yes'></a>"
        "<tr><td>BSD<td><i class='fa fa-x' aria-label='No'></i><tr><td>Mac<td><b title='?'></b>"
        "</table>",
        "OS | Runs\nLinux | Yes\nBSD | No\nMac | ?",
    ),
    (
        "<table><tr><td>Seal <img alt='photo'><td><a title='Details'>5</a>"
        "<td><a href=x><img alt='Next'></a></table>",
        "Seal | 5 |",
    ),
    (
        "<table><tr><th>Option<th>Example<tr><td>-x<td><pre>a -x</pre></table>",
        "Option | Example\n-x | a -x",
    ),
    (
        "<table><tr><td>graph<td>Draws it:<pre>ninja -t graph</pre><tr><td>clean<td>Removes it."
        "</table>",
        "graph\n\nDraws it:\n\nninja -t graph\n\nclean\n\nRemoves it.",
    ),
    ("<table><tr><td><p><b>GPT-5.4</b></p><td><p>a</p><p>b</p></table>", "GPT-5.4 | a b"),
    (
        "<table class=memname><tr><td class=memname>int start</td><td>(</td><td>int&#160;</td>"
        "<td><em>v</em></td><td>)</td></tr></table><p>Starts.",
        "int start ( int v )\n\nStarts.",
    ),
]
LINES_OF_CODE = [
    "<table class=rouge-table><tr><td class='rouge-gutter gl'><pre class=lineno>1\n2\n</pre></td>"
    "<td class=rouge-code><pre>a = 1\nb = 2\n</pre></td></tr></table>",
    "<pre><code><span class=line><span class=ln>1</span><span class=cl>a = 1\n</span></span>"
    "<span class=line><span class=ln>2</span><span class=cl>b = 2\n</span></span></code></pre>",
    "<table><tr><td class=lntd><pre><span class=lnt>1\n</span><span class=lnt>2\n</span></pre></td>"
    "<td class=lntd><pre>a = 1\nb = 2\n</pre></td></tr></table>",
    "<table class=CodeRay><tr><td class=line-numbers><pre>1\n2\n</pre></td><td class=code><pre>"
    "a = 1\nb = 2</pre></td></tr></table>",
    "<table><tr><td class=linenumbers><pre><a id=n1 href='#n1'>1</a>\n<a id=n2 href='#n2'>2</a>\n"
    "</pre></td><td class=lines><pre><code>a = 1\nb = 2\n</code></pre></td></tr></table>",
    "<pre><a id=L1 href='#L1'>1</a>a = 1\n<a id=L2 href='#L2'>2</a>b = 2</pre>",
    "<pre class=line-numbers>a = 1\nb = 2</pre>",
    "<pre><code><span style='display:block'>a = 1</span><span style='display:block'>b = 2</span>"
    "</code></pre>",
    "<div class=syntaxhighlighter><table><tr><td class=gutter><div class=line>1</div></td><td "
    "class=code><div class=container><div class='line n1'><code>a = 1</code></div><div class='line"
    " n2'><code>b</code><code> = 2</code></div></div></td></tr></table></div>",
    "<textarea readonly>a = 1\nb = 2</textarea>",
]
WORDS = [
    ("<p>Le n<sup>o</sup> 5, N<sup>os</sup> 6, n<sup>x</sup>", "Le no 5, Nos 6, n^x"),
    ("<p>Works <img class='emoji' alt='✅' src=x.png> well", "Works ✅ well"),
    (
        "<p><span style='display:block'>One</span><span style='display: block'>Two</span>",
        "One\n\nTwo",
    ),
    ("<p><span style='display:inline-block'>On</span><span>ly", "Only"),
    ("<p>1<sup>1</sup>&frasl;<sub>2</sub> cups, <sup>3</sup>/<sub>4</sub>", "1 1/2 cups, 3/4"),
    ("<p>A non\u2011stick pan", "A non-stick pan"),
    ("<p><span class=badge>1.2</span><span class=badge>beta</span>", "1.2 beta"),
    ("<p>An <span>API<span class=tooltiptext>an interface</span></span>", "An API an interface"),
    ("<p><a href=x>One</a><a href=y>Two</a><a href=z>!</a>", "One Two!"),
    ("<p><a href=x>\u65e5\u672c</a><a href=y>\u8a9e</a>", "\u65e5\u672c\u8a9e"),
    ("<p>So <math display=block><mi>x</mi><mo>=</mo><mn>1</mn></math> holds", "So\nx=1\nholds"),
    ("<div><span class=lang>js</span><pre><code>x</code></pre></div>", "x"),
    ("<p>Run <code>if x:<br>&nbsp;&nbsp;y = 1</code>", "Run\n\nif x:\n  y = 1"),
    ("<x-tab>One</x-tab><x-tab>Two</x-tab>", "One Two"),
    ("<p>Press <x-key>Ctrl</x-key>.", "Press Ctrl."),
    (
        "<div><label for=a>Linux</label><label for=b>BSD</label></div><p>Use it.",
        "Linux BSD\n\nUse it.",
    ),
    ("<ul><li>Press <button>Save</button> to keep it.</ul>", "- Press Save to keep it."),
    ("<p>Choose <input type=button value=Start> first.", "Choose Start first."),
    (
        "<p>further<strong> </strong>reference and <b>bold</b><i> it</i>",
        "further reference and bold it",
    ),
    (
        '<p>Write to <a class=__cf_email__ data-cfemail="422a272e320232372f326c273a232f322e27">'
        "[email&#160;protected]</a> now.",
        "Write to help@pump.example now.",
    ),
    (
        "<p>Write to <a data-cfemail=zz>[email protected]</a> now.",
        "Write to [email protected] now.",
    ),
    (
        "<p>So <span class=katex><span class=katex-html aria-hidden=true><i>x</i>=<i>1</i></span>"
        "</span> holds.",
        "So x=1 holds.",
    ),
    (
        "<p>So <span class=katex><span class=katex-mathml><math><mi>y</mi></math></span>"
        "<span class=katex-html aria-hidden=true>y</span></span> holds.",
        "So y holds.",
    ),
    (
        "<p>So <mjx-container><mjx-math aria-hidden=true><mjx-mi>E</mjx-mi></mjx-math>"
        "<mjx-assistive-mml><math><mi>E</mi></math></mjx-assistive-mml></mjx-container> is.",
        "So E is.",
    ),
    (
        "<p>It boils.<sup class=reference><a href='#n1'><span>[</span>1<span>]</span></a></sup></p>"
        "<ol class=references><li id=n1><span class=mw-cite-backlink>^ <a href='#r1'><sup>a</sup>"
        "</a></span> <span>A book.</span></li></ol>",
        "It boils.[1]\n\n[1] A book.",
    ),
]


@each_row("page, text", [*LISTS, *TABLES, *WORDS])
def test_nothing_is_lost_or_added(page: str, text: str) -> None:
    assert read("html", f"<!DOCTYPE html><body>{page}").text == text


@each_row("page", LINES_OF_CODE)
def test_code_has_its_lines_and_not_their_numbers(page: str) -> None:
    assert read("html", page).text == "a = 1\nb = 2"


@each_row(
    "around, sentence",
    [
        ("<header><p>{}</p></header>", SENTENCE),
        ("<header><p>{}</p></header>", "Version 3.2 of the manual."),
        ("<footer><p>{}</p></footer>", "* Only for models built after 1999."),
        ("<noscript><p>{}</p></noscript>", SENTENCE),
        ("<x-y><template shadowrootmode=open><p>{}</p><slot></slot></template></x-y>", SENTENCE),
    ],
)
def test_a_sentence_is_kept_whatever_stands_around_it(around: str, sentence: str) -> None:
    page = f"<body><p>Text.</p>{around.format(sentence)}</body>"

    assert read("html", page).text == f"Text.\n\n{sentence}"


def test_what_a_page_of_frames_says_without_them_is_read() -> None:
    page = (
        f"<html><frameset><frame src=a><noframes><body><p>{SENTENCE}</noframes></frameset></html>"
    )

    assert read("html", page).text == SENTENCE


def test_a_page_that_its_script_would_show_is_read() -> None:
    page = f"<body><main style='visibility: hidden'><p>{SENTENCE}</p></main></body>"

    assert read("html", page).text == SENTENCE


@each_row(
    "page",
    [
        "<noscript>You need to enable JavaScript to run this app.</noscript>",
        "<noscript>To see all of this page, please allow scripts in the settings of your browser."
        "</noscript>",
        "<template><p>For a script to fill in, one for each of the many results.</p></template>",
        "<span epub:type=pagebreak id=p12>12</span>",
        "<span role=doc-pagebreak>12</span>",
        "<a href='/docs/page#text' aria-label='Permalink'></a>",
    ],
)
def test_what_is_no_text_is_left_out(page: str) -> None:
    assert read("html", f"<body><p>Text.</p>{page}</body>").text == "Text."


@each_row("target", ["#install", "/docs#install", "https://x.example/docs#install"])
def test_the_sign_that_leads_to_a_heading_is_no_part_of_it(target: str) -> None:
    page = f"<h2>Install <a href='{target}'>#</a></h2><p>Text.</p>"

    assert headings(read("html", page)) == [(2, "Install")]


def test_a_heading_by_its_role_is_one() -> None:
    page = "<div role=heading aria-level=3>Care</div><span role=heading>Seal</span><p>Text.</p>"

    assert headings(read("html", page)) == [(3, "Care"), (2, "Seal")]


@each_row("start", ["", "1. ", "[1] "])
def test_a_note_of_an_epub_has_its_label_once(start: str) -> None:
    chapter = (
        '<html xmlns:epub="http://www.idpf.org/2007/ops"><body><h1>One</h1><p>Five bar<a '
        'epub:type="noteref" class="noteref" role="doc-noteref" href="#n">1</a>.</p><h1>Two</h1>'
        f'<aside epub:type="footnote" role="doc-footnote" id="n"><p>{start}Gauge.</p></aside>'
        "</body></html>"
    )

    text = read("epub", make_epub({"a": chapter}, ["a"])).text

    assert text.startswith("One\n\nFive bar[1].\n\n")
    assert f"{start or '[1] '}Gauge." in text


def test_the_page_numbers_of_print_are_not_in_the_words_of_an_epub() -> None:
    chapter = (
        '<html xmlns:epub="http://www.idpf.org/2007/ops"><body><p>The pump <span '
        'epub:type="pagebreak" id="p7">7</span>starts.</p></body></html>'
    )

    assert read("epub", make_epub({"a": chapter}, ["a"])).text == "The pump starts."
