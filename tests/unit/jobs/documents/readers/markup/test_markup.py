from pathlib import Path

from tests.unit.jobs.documents.readers.reading import headings, read


def test_markdown_leaves_text_and_no_markup() -> None:
    page = (
        "---\ntitle: 'The title'\n---\n# Head *one*\n\nSee [the link](http://x.example) and\n"
        "`code`  \nnext ![picture](p.png) <b>bold</b>.\n\n> quoted\n\n## Two\ntext"
    )

    extract = read("markdown", page)

    assert extract.title == "The title"
    assert headings(extract) == [(1, "Head one"), (2, "Two")]
    assert extract.text == (
        "Head one\n\nSee the link and code\nnext picture bold.\n\nquoted\n\nTwo\n\ntext"
    )


def test_markdown_lists_tables_and_code_keep_their_form() -> None:
    page = (
        "- a\n- b\n  1. c\n  2. d\n\n| x | y |\n|---|---|\n| 1 | `2` |\n\n"
        "```python\ndef f():\n    pass\n```\n"
    )

    extract = read("markdown", page)

    assert extract.text == "- a\n- b\n  1. c\n  2. d\n\nx | y\n1 | 2\n\ndef f():\n    pass"


def test_markdown_without_a_title_has_that_of_its_first_heading() -> None:
    assert read("markdown", "## Second level\n\n# First level\n").title == "First level"


def test_a_rule_at_the_start_of_markdown_is_no_front_matter() -> None:
    assert read("markdown", "---\n\ntext that stays\n").text == "text that stays"


def test_html_in_markdown_is_read_as_html() -> None:
    page = "before\n\n<div>in <i>a</i> block<script>run()</script></div>\n\nafter"

    assert read("markdown", page).text == "before\n\nin a block\n\nafter"


def test_rst_leaves_text_and_the_depth_of_headings() -> None:
    page = (
        "Title\n=====\n\nPara *with* ``code`` and `link <http://x.example>`_.\n\n"
        "Sub\n---\n\n- a\n- b\n\n1. c\n2. d\n\n::\n\n  literal\n    text\n\n"
        "== ==\nx  y\n== ==\n1  2\n== ==\n"
    )

    extract = read("rst", page)

    assert (extract.title, headings(extract)) == ("Title", [(1, "Title"), (2, "Sub")])
    assert extract.text == (
        "Title\n\nPara with code and link.\n\nSub\n\n- a\n- b\n\n1. c\n2. d\n\n"
        "literal\n  text\n\nx | y\n1 | 2"
    )


def test_what_only_sphinx_knows_keeps_its_text() -> None:
    page = (
        "See :ref:`the part <label>` and :func:`~a.b`.\n\n.. versionadded:: 1.2\n   It is new.\n\n"
        ".. code-block:: python\n   :linenos:\n\n   print(1)\n\n.. toctree::\n\n   other\n"
    )

    assert read("rst", page).text == (
        "See the part and a.b.\n\nNew in version 1.2: It is new.\n\nprint(1)"
    )


def test_rst_opens_no_other_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("a secret")
    page = (
        f"Text.\n\n.. include:: {secret}\n\n.. literalinclude:: {secret}\n\n.. csv-table::\n"
        f"   :file: {secret}\n\n.. raw:: html\n   :file: {secret}\n\n"
        ".. raw:: html\n\n   <b>raw</b>\n"
    )

    assert read("rst", page).text == "Text.\n\nraw"


def test_rst_that_is_too_deep_to_parse_is_read_as_text() -> None:
    page = "".join(" " * depth + f"- item{depth}\n\n" for depth in range(250))

    assert "item249" in read("rst", page).text
