import json

import pytest

from jobs.documents.readers.limits import UnreadableFileError
from tests.unit.jobs.documents.readers.reading import headings, read


@pytest.mark.parametrize(
    ("format_name", "page", "text"),
    [
        ("org", "#+TITLE: Pumps\n* Head\nText $x^2$.", "Pumps\n\nHead\n\nText x^2."),
        (
            "asciidoc",
            "= Pumps\n\n== Head\n\n----\nif x:\n    y\n----\n\n10^6^ writes",
            "Pumps\n\nHead\n\nif x:\n    y\n\n10^6 writes",
        ),
        ("rtf", "{\\rtf1\\ansi One.\\par Two 10{\\super 6}.\\par}", "One.\n\nTwo 10^6."),
        (
            "latex",
            "\\begin{document}\\section{Head}Text\\footnote{A note.}.\\end{document}",
            "Head\n\nText[1].\n\n[1] A note.",
        ),
    ],
)
def test_what_pandoc_reads_is_read_as_html(format_name: str, page: str, text: str) -> None:
    pytest.importorskip("pypandoc")

    assert read(format_name, page).text == text


def test_latex_opens_no_other_file() -> None:
    pytest.importorskip("pypandoc")
    page = "\\begin{document}Text.\\input{/etc/passwd}\\verbatiminput{/etc/passwd}\\end{document}"

    assert read("latex", page).text == "Text."


@pytest.mark.parametrize("format_name", ["odt", "rtf", "notebook"])
def test_what_is_not_what_its_name_says_is_damaged(format_name: str) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(format_name, "plain text")

    assert caught.value.reason == "damaged"


def test_a_notebook_has_its_text_and_code_but_not_what_was_printed() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Head\n", "Text."], "metadata": {}},
        {"cell_type": "code", "source": "if x:\n    y = '```'", "outputs": [{"text": "printed"}]},
    ]

    extract = read("notebook", json.dumps({"cells": cells, "nbformat": 4}))

    assert extract.text == "Head\n\nText.\n\nif x:\n    y = '```'"
    assert headings(extract) == [(1, "Head")]
