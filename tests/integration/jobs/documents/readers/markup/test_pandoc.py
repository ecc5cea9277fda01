"""What pandoc reads, by pandoc itself as a process."""

import pytest

from jobs.documents.readers.limits import UnreadableFileError
from tests.rows import each_row
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
        (
            "rtf",
            "{\\rtf1 A{\\v no \\'e9\\u233?}, {\\deleted old }new \\v x\\plain  end.\\par}",
            "A, new end.",
        ),
        ("latex", '\\begin{document}na\\"{\\i}ve\\end{document}', "naïve"),
        ("org", "* Head :home:x:\nText.", "Head\n\nText."),
        ("org", "* TODO [#A] Head\nThe <<<pump>>> [#A] it.", "TODO Head\n\nThe pump [#A] it."),
        ("rtf", "{\\rtf1 One.\\sect Two.\\page Three.\\par}", "One.\n\nTwo.\n\nThree."),
        ("rtf", "{\\rtf1{\\info{\\title T}{\\author A}}Text.\\par}", "Text."),
        (
            "asciidoc",
            "One.\n\n////\nhidden\n\nx\n////\n\n----\n////\ncode\n////\n----\n\nTwo.",
            "One.\n\n////\ncode\n////\n\nTwo.",
        ),
        (
            "rtf",
            "{\\rtf1 One.\\par\\trowd\\cellx1\\cellx2\\intbl A\\cell B\\cell\\row"
            " 1\\cell 2\\cell\\row\\pard Two.\\par}",
            "One.\n\nA | B\n1 | 2\n\nTwo.",
        ),
        (
            "rtf",
            "{\\rtf1\\trowd\\cellx1\\cellx2\\intbl{\\itap2 a\\nestcell b\\nestcell}\\cell"
            " C\\cell\\row}",
            "a b | C",
        ),
        (
            "rtf",
            "{\\rtf1 On \\b now\\b0. A\\i0, {\\b b}\\f0\\b-c\\b0\\'e9.\\par}",
            "On now. A, b-cé.",
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


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("\\u8220?quotes\\u8221? \\u8211- dashes", "“quotes” – dashes"),
        ("\\u8220\\'93quotes\\u8221\\'94 done", "“quotes” done"),
        ("\\uc0 \\u20851\\u-28646 two", "关通two"),
        ("{\\uc2 \\u229\\'e5\\'e5b}c\\u233?d", "åbcéd"),
        ("\\'93caf\\'e9\\'94", "“café”"),
        ("\\ansicpg1251 \\'cd\\'e0\\'f1\\'ee\\'f1", "Насос"),
        ("{\\fonttbl{\\f0\\fcharset204 Arial;}{\\f1 B;}}\\f0 \\'cd\\'e0\\f1 \\'e9", "Наé"),
        ("{\\fonttbl{\\f0\\fcharset128 M;}}\\f0 \\'83\\'7c\\'83\\'93", "ポン"),
        ("a\\bin3 }}}b", "ab"),
        (
            "\\u-10179 ?\\u-8704 ? \\u-8192 ? \\u-4097 ? \\u-3913 ?e",
            "\U0001f600 \ue000 \uefff \uf0b7e",
        ),
    ],
)
def test_letters_of_rtf_are_of_their_code_page_and_whole(body: str, text: str) -> None:
    pytest.importorskip("pypandoc")

    assert read("rtf", f"{{\\rtf1\\ansi {body}.\\par}}").text == f"{text}."


def test_asciidoc_is_read_though_it_includes_other_files() -> None:
    pytest.importorskip("pypandoc")
    page = (
        "One.\n\ninclude::other.adoc[]\n\nifdef::web[]\nTwo.\nendif::[]\n\n"
        "----\ninclude::code.py[tag=x]\n----\n\nThree.\n"
    )

    assert read("asciidoc", page).text == "One.\n\nTwo.\n\nThree."


@each_row(
    "page, text",
    [
        (
            ":repo: https://x.example/r\n:more: {repo}/more\n\n"
            "See {repo}[it], {more}/5[issue 5] and "
            "\\{repo}.\n\n----\n{repo}[x] // y\n// z\n----\n",
            "See it, issue 5 and {repo}.\n\n{repo}[x] // y\n// z",
        ),
        ("One.\n// hidden\n// too\nTwo.\n\n* a\n\n//\n\n* b\n", "One. Two.\n\n- a\n\n- b"),
        (
            "NAME\n----\nOne.\n// hidden\nTwo.\n\n----\nA\n-\n----\n\nUse of it\n---------\nEnd.\n",
            "NAME\n\nOne. Two.\n\nA\n-\n\nUse of it\n\nEnd.",
        ),
        ("```sh\n# x\n// y\n```\n\nA\n////\nhidden\n////\nB\n", "# x\n// y\n\nA\n\nB"),
    ],
)
def test_asciidoc_is_read_as_its_preprocessor_has_it(page: str, text: str) -> None:
    pytest.importorskip("pypandoc")

    assert read("asciidoc", page).text == text


def test_headings_of_asciidoc_stand_below_the_title_of_the_page() -> None:
    pytest.importorskip("pypandoc")

    extract = read("asciidoc", "= Pumps\n\n== Care\n\n=== Oil\n\nText.\n")

    older = read("asciidoc", "Pumps\n=====\n\nCare\n----\n\n[[x]]\nOil\n~~~\n\nText.\n")

    assert headings(extract) == headings(older) == [(1, "Pumps"), (2, "Care"), (3, "Oil")]


def test_headings_of_org_are_headings_however_deep() -> None:
    pytest.importorskip("pypandoc")

    extract = read("org", "* A\n** B\n*** C\n**** D\nText.\n***** E\n")

    assert [level for level, _ in headings(extract)] == [1, 2, 3, 4, 5]


def test_names_of_programs_in_org_are_letters_and_code_stays() -> None:
    pytest.importorskip("pypandoc")
    code = "#+begin_src tex\n\\LaTeX{} <<<x>>>\n#+end_src\n\n: \\TeX x\n"

    text = read("org", f"\\LaTeX{{}} and \\TeX, =\\LaTeX{{}}=.\n\n{code}").text

    assert text == "LaTeX and TeX, \\LaTeX{}.\n\n\\LaTeX{} <<<x>>>\n\n\\TeX x"


@each_row(
    "body, text",
    [
        (
            "The \\pkg{ggplot2} and (\\code{f}), so \\mypkg{a \\emph{b}}.",
            "The ggplot2 and (f), so a b.",
        ),
        ("The pump\\myindex{x} is\\mylabel{y} \\myskip{2cm} loud.", "The pump is loud."),
        ("\\begin{own}In it.\\end{own}\\begin{align*}a\\end{align*}", "In it.\n\na"),
        ("\\setup{x=1}Text.\\docsetting{no}", "Text."),
    ],
)
def test_a_command_of_latex_within_a_sentence_is_its_text(body: str, text: str) -> None:
    pytest.importorskip("pypandoc")

    assert read("latex", f"\\begin{{document}}{body}\\end{{document}}").text == text


def test_latex_opens_no_other_file() -> None:
    pytest.importorskip("pypandoc")
    page = "\\begin{document}Text.\\input{/etc/passwd}\\verbatiminput{/etc/passwd}\\end{document}"

    assert read("latex", page).text == "Text."


@each_row("format_name", ["odt", "rtf", "notebook"])
def test_what_is_not_what_its_name_says_is_damaged(format_name: str) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(format_name, "plain text")

    assert caught.value.reason == "damaged"


@each_row(
    "body, text",
    [
        (rb"It \u-10179 ?\u-8694 ? \'80 \u8364 ?", "It 😊 € €"),
        (rb"{\uc0\u55357 \u56842 }x \u55357 ?y", "😊x y"),
    ],
)
def test_letters_of_rtf_beyond_16_bits_are_letters(body: bytes, text: str) -> None:
    assert read("rtf", b"{\\rtf1\\ansi " + body + b"}").text == text


def test_a_table_of_many_rows_of_rtf_is_one() -> None:
    rows = [rb"\trowd\cellx1\cellx2\pard\intbl %d\cell b\cell\row" % n for n in range(95)]
    data = b"{\\rtf1\\ansi " + b"\n".join(rows) + b"}"

    assert read("rtf", data).text == "\n".join(f"{number} | b" for number in range(95))


def test_a_paragraph_of_org_with_many_open_marks_is_read() -> None:
    page = "begin \uf100 " + "*a _b [fn:: c " * 20

    assert read("org", page).text == page.strip()
