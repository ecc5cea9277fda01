from tests.rows import each_row
from tests.unit.jobs.documents.readers.reading import read

SHORT = "<p>The boiler is lit at dawn.</p>"
LONG = "<p>The boiler is lit at dawn and fed with coal until noon, when the shift changes.</p>" * 20


def paragraphs(markup: str) -> list[str]:
    return read("html", markup).text.split("\n\n")


def page(section: str, notes: str) -> str:
    return (
        f'<h1>Steam</h1><p>Pressure<sup><a href="#n1">1</a></sup> is high.</p>{section}'
        f"<h2>Water</h2><p>It is soft.</p>{notes}"
    )


@each_row(
    "notes",
    [
        '<section class="footnotes"><ol><li id="n1">In bar.</li></ol></section>',
        '<div class="footnotes"><p id="n1"><sup>[1]</sup> In bar.</p></div>',
        '<aside role="doc-footnote" id="n1"><p>[1] In bar.</p></aside>',
        '<dl class="footnote brackets"><dt class="label" id="n1"><span class="brackets">'
        '<a class="fn-backref" href="#r1">1</a></span></dt><dd><p>In bar.</p></dd></dl>',
    ],
)
def test_a_note_stands_at_the_end_of_the_section_with_its_mark(notes: str) -> None:
    found = paragraphs(page(SHORT, notes))

    assert found[:4] == [
        *("Steam", "Pressure[1] is high.", "The boiler is lit at dawn.", "[1] In bar.")
    ]
    assert found[4:] == ["Water", "It is soft."]


def test_marks_and_notes_of_sphinx_have_the_brackets_that_its_style_adds() -> None:
    mark = '<a class="footnote-reference brackets" href="#id7" id="id2">7</a>'
    note = '<dt class="label" id="id7"><span class="brackets">7</span></dt><dd><p>Of 2017.</p></dd>'

    found = paragraphs(f'<h1>A</h1><p>POSIX {mark} says so.</p><dl class="footnote">{note}</dl>')

    assert found == ["A", "POSIX [7] says so.", "[7] Of 2017."]


def test_a_number_in_brackets_is_a_label_without_a_space_after_it() -> None:
    found = paragraphs("<h1>A</h1><p>Words[10] go on.</p><h1>B</h1><p>x</p><p>[10]For most.</p>")

    assert found == ["A", "Words[10] go on.", "[10]For most.", "B", "x"]


def test_in_a_long_section_a_note_stands_behind_its_paragraph() -> None:
    found = paragraphs(page(LONG, '<div class="footnotes"><p>[1] In bar.</p></div>'))

    assert found[:3] == ["Steam", "Pressure[1] is high.", "[1] In bar."]


def test_a_note_of_several_paragraphs_stays_whole() -> None:
    text = (
        "# Steam\n\nHot[^a], wet[^b].\n\n# Water\n\nCold.\n\n[^a]: One.\n\n    Two.\n\n[^b]: Three."
    )

    found = read("markdown", text).text.split("\n\n")

    assert found == [
        *("Steam", "Hot[a], wet[b].", "[a] One.", "Two.", "[b] Three.", "Water", "Cold.")
    ]


@each_row(
    "text",
    [
        "# Steam\n\nHot [1].\n\n# References\n\n[1] Watt, 1784.\n\n[2] Carnot, 1824.",
        "# Steam\n\nHot.\n\n# Lists\n\n[1] One.\n\n[2] Two.",
        "# Steam\n\nHot [1].\n\n# Water\n\n[1] Is this a note?\n\nNobody knows where it ends.",
        "# Steam\n\nHot [1].\n\n[1] In bar.\n\nMore text.",
    ],
)
def test_what_is_no_note_or_stands_in_its_section_stays_where_it_is(text: str) -> None:
    assert read("markdown", text).text == text.replace("# ", "")


def test_notes_of_one_section_keep_their_order() -> None:
    marks = "".join(f'word<sup><a href="#n{n}">{n}</a></sup> ' for n in range(1, 12))
    notes = "".join(f'<li id="n{n}">Note {n}.</li>' for n in range(1, 12))

    found = paragraphs(
        f'<h1>A</h1><p>{marks}</p><h1>B</h1><p>x</p><div class="footnotes"><ol>{notes}</ol></div>'
    )

    assert found[2:13] == [f"[{n}] Note {n}." for n in range(1, 12)]
    assert found[13:] == ["B", "x"]


@each_row("link", ["<a href='a.xhtml#r1'>↩</a>", "<a role='doc-backlink' href='a.html#r1'>↩︎</a>"])
def test_a_note_in_a_file_of_its_own_has_no_link_back(link: str) -> None:
    page = f"<ol><li id='n1'><p>In bar. {link}</p></li></ol><p><a href='b.xhtml#x'>Other</a>"

    assert read("html", page).text == "1. In bar.\n\nOther"
