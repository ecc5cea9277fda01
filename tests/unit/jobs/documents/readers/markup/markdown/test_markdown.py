from tests.rows import each_row
from tests.unit.jobs.documents.readers.reading import headings, read


@each_row(
    "page, text",
    [
        ("Five bar[^p].\n\n[^p]: bar", "Five bar[p].\n\n[p] bar"),
        (
            "See[^1].\n\n[^1]: https://archive.example/log\n",
            "See[1].\n\n[1] https://archive.example/log",
        ),
        ("Text.\n\n[^9]: Never named.\n", "Text.\n\n[9] Never named."),
        ("Text^[said in the line].", "Text (said in the line)."),
        ("3. Open\n4. Close\n\nPause.\n\n5. Next", "3. Open\n4. Close\n\nPause.\n\n5. Next"),
        ("10<sup>6</sup> writes", "10^6 writes"),
        ("![lamp](data:image/svg+xml;base64,PHN2Zy8+) on", "lamp on"),
        ("![lamp][a] on\n\n[a]: <data:image/png;base64,iVBORw0KGgo=>", "lamp on"),
        ("Run `f(<x>)` with <your-name> and Vec<T>.", "Run f(<x>) with <your-name> and Vec<T>."),
        ("It is <b>bold</b> and <T>typed</T>.", "It is bold and typed."),
        ("$a_1 * b_2 * c$ and \\(x_i * y * z\\)", "$a_1 * b_2 * c$ and \\(x_i * y * z\\)"),
        ("From $5 to *about* $10.", "From $5 to about $10."),
        ("$$\na = b \\\\\n- c\n$$", "$$\na = b \\\\\n- c\n$$"),
        ("\\begin{align}\na_1 &= b_2\n\\end{align}", "\\begin{align}\na_1 &= b_2\n\\end{align}"),
        ("> [!WARNING]\n> It is hot.", "Warning\nIt is hot."),
        (":::tip[Mind the *gap*]\nStep over.\n:::", "Mind the gap\n\nStep over."),
        (":::: warning\n::: inner x\nDeep.\n:::\n::::", "Warning\n\nx\n\nDeep."),
        ('!!! note "Mind"\n    Step *over*.', "Mind\n\nStep over."),
        ("```{note}\n:class: x\nStep *over*.\n```", "Step over."),
        ("```{toctree}\nother\n```\n\nText.", "Text."),
        ("See {ref}`the part <label>`.", "See the part."),
        ("Term\n: What it is.", "Term\nWhat it is."),
        ("- [ ] open\n- [x] done", "- [ ] open\n- [x] done"),
        ("```\nif x:\n    return 1\n```", "if x:\n    return 1"),
        ("~~~text\n*not* <b>markup</b>\n~~~", "*not* <b>markup</b>"),
        (
            "<details><summary>More</summary>\n\nHidden *text*.\n\n</details>",
            "More\n\nHidden text.",
        ),
        ("<!-- not shown -->\n\nshown", "shown"),
        ("a  \nb\\\nc\nd", "a\nb\nc d"),
        ("| a | b |\n|---|---|\n| 1 | x \\| y |", "a | b\n1 | x | y"),
        ("<table><tr><th colspan=2>A<th>B<tr><td>1<td>2<td>3</table>", "A |  | B\n1 | 2 | 3"),
    ],
)
def test_markdown_beyond_the_standard_keeps_its_text(page: str, text: str) -> None:
    assert read("markdown", page).text == text


@each_row("fence", ["---", "+++"])
def test_front_matter_is_no_text(fence: str) -> None:
    sign = ":" if fence == "---" else "="
    page = f'{fence}\ntitle{sign} "Pumps: a manual"\ntags{sign} [x]\n{fence}\n\nText.'

    extract = read("markdown", page)

    assert (extract.title, extract.text) == ("Pumps: a manual", "Text.")


def test_text_between_two_rules_is_no_front_matter() -> None:
    page = "---\n\nThe text: it stays.\n\n---\n\nMore."

    assert read("markdown", page).text == "The text: it stays.\n\nMore."


def test_attributes_are_no_part_of_a_heading() -> None:
    extract = read("markdown", "# Pumps {#pumps .first}\n\n## f{x}\n")

    assert headings(extract) == [(1, "Pumps"), (2, "f{x}")]


@each_row("mark", ["> ", "- ", "1. "])
def test_what_is_nested_too_deep_is_read_as_text(mark: str) -> None:
    assert "deep down" in read("markdown", mark * 300 + "deep down").text
