import pytest

from jobs.documents.readers.markup.latex.closing import closed
from tests.rows import each_row
from tests.unit.jobs.documents.readers.reading import read


@each_row(
    "source, ends",
    [
        ("a {b {c {d {e", "}}}}"),
        (r"\begin{quote}a {b \begin{quote}c {d {e", r"}}\end{quote}}\end{quote}"),
        (r"{ { { { \verb|}| \} % }", "}}}}"),
    ],
)
def test_what_is_open_in_great_number_is_closed_from_the_inside(source: str, ends: str) -> None:
    assert closed(source) == f"{source}\n{ends}"


def test_what_is_open_is_closed_before_the_page_ends() -> None:
    source = "\\begin{document}{{{{a\\end{document} rest"

    assert closed(source) == "\\begin{document}{{{{a\n}}}}\\end{document} rest"


@each_row(
    "source",
    [
        "a {b} c",
        "a {b {c {d",
        r"\newenvironment{a}{\begin{quote}\begin{b}\begin{c}\begin{d}}{\end{d}\end{c}\end{b}"
        r"\end{quote}}",
        r"\verb|{| \verb+{+ \lstinline!{! \verb*|{| \{ \{ \left\{ % {{{{",
        "}}}} a",
    ],
)
def test_what_is_closed_or_meant_so_stays(source: str) -> None:
    assert closed(source) == source


def test_what_is_open_in_a_comment_or_in_code_is_not_closed() -> None:
    pytest.importorskip("pypandoc")
    left_open = "if { a { b { c { d {"
    comment = f"\\begin{{comment}}\n{left_open}\n\\end{{comment}}\n\n"
    code = f"\\begin{{lstlisting}}\n{left_open}\n\\end{{lstlisting}}\n\n"

    page = f"\\begin{{document}}\nOne.\n\n{comment}{code}Two.\n\\end{{document}}\n"

    assert read("latex", page).text == f"One.\n\n{left_open}\n\nTwo."


def test_a_page_with_many_open_braces_is_read() -> None:
    pytest.importorskip("pypandoc")

    assert read("latex", "begin " + "{a " * 60).text == "begin" + " a" * 60


PAGE = (
    "\\newcommand{\\p}{pump}\\begin{document}\n\\section{One}\n\nThe \\p{} runs.\n\n%s\n\n"
    "\\begin{itemize}\n\\item a\n\n\\item b\n\\end{itemize}\n\nEnd \\p.\n\\end{document}"
)


@each_row(
    "paragraph, text",
    [
        (r"Bad } here, \textbf{x} & 5\% < 6. % hidden", "Bad here, x & 5% < 6."),
        (r"It costs $5 only.\\ So.", "It costs $5 only.\nSo."),
        (r"As \cite<x>{d} says.", "As <x>d says."),
        (r"Open \textbf{brace.", "Open brace."),
        (r"A stray \end{foo} end.", "A stray\nend."),
    ],
)
def test_of_a_paragraph_that_cannot_be_parsed_the_words_are_kept(paragraph: str, text: str) -> None:
    pytest.importorskip("pypandoc")

    extract = read("latex", PAGE % paragraph)

    assert extract.text == f"One\n\nThe pump runs.\n\n{text}\n\n- a\n- b\n\nEnd pump."
    assert extract.notes[0].startswith("1 of 5 paragraphs")


def test_a_page_of_one_paragraph_that_cannot_be_parsed_is_its_words() -> None:
    pytest.importorskip("pypandoc")

    assert read("latex", "It costs $5 } \\emph{only}.").text == "It costs $5 only."
