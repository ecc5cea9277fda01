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
