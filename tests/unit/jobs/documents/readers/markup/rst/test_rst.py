from pathlib import Path

from tests.rows import each_row
from tests.unit.jobs.documents.readers.reading import headings, read


@each_row(
    "page, text",
    [
        (
            ".. py:function:: start(v, *args)\n\n   Starts *pump*.\n\n   .. versionchanged:: 3.2\n"
            "      Returns ``True``.\n\n   .. code-block:: python\n\n      start(1)\n        x",
            "start(v, *args)\n\nStarts pump.\n\nChanged in version 3.2: Returns True.\n\n"
            "start(1)\n  x",
        ),
        (".. class:: Pump(v)\n\n   A *pump*.", "Pump(v)\n\nA pump."),
        (".. class:: big\n\n   A *pump*.", "A pump."),
        (".. tabs::\n\n   .. tab:: Linux\n\n      Use *apt*.", "Linux\n\nUse apt."),
        (".. tip-box::\n   - a\n   - b", "- a\n- b"),
        (".. only:: html and not x\n\n   Text.", "Text."),
        (".. figure:: a.png\n   :zoom: 2\n\n   Caption.", "Caption."),
        (".. math::\n   :label: e\n\n   a^2 + b_2", "a^2 + b_2"),
        (
            ".. code-block:: c\n   :emphasize-lines: 1\n   :caption: First\n\n   a;\n     b;",
            "First\n\na;\n  b;",
        ),
        (
            ".. list-table::\n   :header-rows: 1\n\n   * - A\n     - B\n   * - 1\n     - 2",
            "A | B\n1 | 2",
        ),
        (
            "See [1]_ and [CIT]_.\n\n.. [1] A note.\n.. [CIT] A *book*.",
            "See [1] and [CIT].\n\n[1] A note.\n[CIT] A book.",
        ),
        ("The |p| starts.\n\n.. |p| replace:: Pump 300", "The Pump 300 starts."),
        ("H\\ :sub:`2`\\ O, 10\\ :sup:`6`, :math:`x^2`", "H2O, 10^6, x^2"),
        (":pep:`8`, :pep:`the style <8>`, :term:`a <b>`", "PEP 8, the style, a"),
        ("a) x\nb) y\n\nText.\n\n5. five\n6. six", "a. x\nb. y\n\nText.\n\n5. five\n6. six"),
        ("| one\n| two", "one\ntwo"),
        ("term\n  Meaning.", "term\nMeaning."),
        (".. glossary::\n\n   mtu\n     The *size*.", "mtu\nThe size."),
        (".. seealso:: `a link <http://x.example>`_", "See also\n\na link"),
        (".. comment\n\nText::\n\n  literal *not*", "Text:\n\nliteral *not*"),
        ("The date |d|.\n\n.. |d| date::", "The date |d|."),
        (".. autoclass:: a.B\n   :members:\n\nText.", "Text."),
        (
            "A ``b, `c, |d, **e and *f.\n\nG ``h`` `i`, *j*.",
            "A ``b, `c, |d, **e and *f.\n\nG h i, j.",
        ),
        ("A ``b ``c`` *d *e*, `f `g`.", "A b ``c d *e, f `g."),
        ("`A ``b`` c.\n\n- d ``e``\n\n::\n\n    f", "A ``b` c.\n\n- d e\n\nf"),
    ],
)
def test_directives_and_roles_keep_their_text(page: str, text: str) -> None:
    assert read("rst", page).text == text


def test_headings_that_contradict_each_other_are_not_lost() -> None:
    extract = read("rst", "A\n=\n\nB\n~\n\nC\n=\n\nD\n-\n\nEnd.")

    assert headings(extract) == [(1, "A"), (2, "B"), (1, "C")]
    assert extract.text.endswith("D\n\nEnd.")


def test_html_within_a_page_is_read_and_no_file_or_address_of_it(tmp_path: Path) -> None:
    secret = tmp_path / "secret.html"
    secret.write_text("<p>A secret.</p>")
    page = (
        "One.\n\n.. raw:: html\n\n   <table><tr><td>a<td>b</table><script>x</script>\n\n"
        f".. raw:: html\n   :file: {secret}\n\n.. raw:: html\n   :url: file://{secret}\n\n"
        ".. raw:: latex\n\n   \\newpage\n\nTwo.\n"
    )

    assert read("rst", page).text == "One.\n\na | b\n\nTwo."


@each_row(
    "page, text",
    [
        (":orphan:\n\nTitle\n=====\n\n:orphan: kept\n", "Title\n\norphan:\nkept"),
        (".. _top:\n\n:tocdepth: 2\n:Author: Ann\n\nText.\n", "Author:\nAnn\n\nText."),
        ("Text.\n\n:nosearch:\n", "Text.\n\nnosearch:"),
        (".. tabs::\n\n   .. code-tab:: py In Python\n\n      x = 1\n", "In Python\n\nx = 1"),
    ],
)
def test_fields_at_the_top_that_only_sphinx_reads_are_no_text(page: str, text: str) -> None:
    assert read("rst", page).text == text


def test_what_is_written_below_a_name_that_code_describes_is_text() -> None:
    page = (
        ".. autoclass:: a.Pump\n   :members:\n\n   It *pumps*.\n\n.. autofunction:: a.f\n\nEnd.\n"
    )

    assert read("rst", page).text == "a.Pump\n\nIt pumps.\n\nEnd."


@each_row(
    "directive, text",
    [
        (".. versionadded:: 3.4", "New in version 3.4"),
        (
            ".. deprecated-removed:: 3.11 3.13\n   Use it not.",
            "Deprecated since version 3.11, removed in version 3.13: Use it not.",
        ),
        (".. deprecated-removed:: 3.11", "3.11"),
        (".. availability:: Windows, with *all* of it.", "Availability: Windows, with all of it."),
    ],
)
def test_what_a_version_or_a_system_has_is_said_in_words(directive: str, text: str) -> None:
    assert read("rst", f"So it is.\n\n{directive}\n").text == f"So it is.\n\n{text}"
