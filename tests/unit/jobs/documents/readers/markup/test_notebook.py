import json

from tests.rows import each_row
from tests.unit.jobs.documents.readers.reading import headings, read


def test_a_heading_of_an_old_notebook_is_one() -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["Care\n", "of it"]},
        {"cell_type": "code", "input": "x = 1"},
    ]

    extract = read("notebook", json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}]}))

    assert headings(extract) == [(2, "Care of it")]
    assert extract.text.endswith("x = 1")


@each_row("source", ["```\nnever closed", "~~~~\nnever closed\n~~~", "never closed\n\n<!-- remark"])
def test_what_a_cell_of_a_notebook_leaves_open_ends_with_it(source: str) -> None:
    cells = [{"cell_type": "markdown", "source": text} for text in (source, "# Head")]

    extract = read("notebook", json.dumps({"cells": cells, "nbformat": 4}))

    assert headings(extract) == [(1, "Head")]
    assert extract.text.startswith("never closed\n")


def test_a_notebook_has_its_text_and_code_but_not_what_was_printed() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Head\n", "Text."], "metadata": {}},
        {"cell_type": "code", "source": "if x:\n    y = '```'", "outputs": [{"text": "printed"}]},
    ]

    extract = read("notebook", json.dumps({"cells": cells, "nbformat": 4}))

    assert extract.text == "Head\n\nText.\n\nif x:\n    y = '```'"
    assert headings(extract) == [(1, "Head")]
