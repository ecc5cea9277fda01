"""What generators of sites and writers of notes put into Markdown.

As Microsoft Learn, VitePress, Obsidian, GitBook, Jekyll and MyST have it.
"""

from tests.rows import each_row
from tests.unit.jobs.documents.readers.reading import read

NO_TEXT = [
    '::: code language="csharp" source="~/x.cs" :::',
    '::: moniker range=">= v2"',
    "::: moniker-end",
    ':::zone pivot="a"',
    "[!INCLUDE [a note](includes/note.md)]",
    "[!VIDEO https://x.example/v]",
    "<<< @/snippets/a.js{2}",
    "\\newpage",
]


@each_row("line", NO_TEXT)
def test_lines_for_the_generator_are_no_text(line: str) -> None:
    assert read("markdown", f"One.\n\n{line}\n\nTwo.\n").text == "One.\n\nTwo."
    assert read("markdown", f"```\n{line}\n```\n").text == line


@each_row(
    "page, text",
    [
        ("> [!info] Read *this*\n> The body.\n", "Read this\nThe body."),
        ("> [!tip]- Folded\n> The body.\n", "Folded\nThe body."),
        ("> [!NOTE]\n> The body.\n", "Note\nThe body."),
        ('> [!div class="nextstepaction"]\n> [Next](x.md)\n', "Next"),
        ("The pump starts. ^a1b2c3\n", "The pump starts."),
        ("It is x ^ 2.\n", "It is x ^ 2."),
        ("{% raw %}{{ value }}{% endraw %} is shown.\n", "{{ value }} is shown."),
        ("---\ntitle: T\n---\n```\n{% raw %}\n{{ x }}\n{% endraw %}\n```\n", "{{ x }}"),
        (
            "```jinja\n{% raw %}\n{{ x }}\n{% endraw %}\n```\n",
            "{% raw %}\n{{ x }}\n{% endraw %}",
        ),
        ("Write `{% raw %}` before it.\n", "Write {% raw %} before it."),
        ("{% raw %}\n```\n{{ x }}\n```\n{% endraw %}\n", "{{ x }}"),
        ("% a remark\n\n```{note}\nMind it.\n```\n\n+++\n\nEnd.\n", "Mind it.\n\nEnd."),
        ("```matlab\n% a remark\n```\n\n{ref}`x`\n", "% a remark\n\nx"),
        ("These are 5\n% of it.\n", "These are 5 % of it."),
    ],
)
def test_marks_of_writers_are_no_text(page: str, text: str) -> None:
    assert read("markdown", page).text == text


@each_row(
    "page, text",
    [
        ("これは**「強調」**です。\n", "これは「強調」です。"),
        ("**参考(注)**は不要。\n", "参考(注)は不要。"),
        ("이것은 **'강조'**입니다.\n", "이것은 '강조'입니다."),
        ("値は 2 ** 3 と 4 ** 5 です。\n", "値は 2 ** 3 と 4 ** 5 です。"),
        ("Use (**kwargs) and f(**x).\n", "Use (**kwargs) and f(**x)."),
    ],
)
def test_emphasis_beside_east_asian_letters_leaves_no_marks(page: str, text: str) -> None:
    assert read("markdown", page).text == text


@each_row(
    "page, text",
    [
        ("Run x \\[optional\\] and y.\n", "Run x [optional] and y."),
        ("See \\(for example\\) there.\n", "See (for example) there."),
        ("Let \\(x\\) and \\(a^2\\) be.\n", "Let \\(x\\) and \\(a^2\\) be."),
        ("So \\[E = mc^2\\] holds.\n", "So \\[E = mc^2\\] holds."),
    ],
)
def test_escaped_brackets_are_brackets_and_formulas_are_as_written(page: str, text: str) -> None:
    assert read("markdown", page).text == text


@each_row(
    "page, text",
    [
        (':::image type="content" source="m/a.png" alt-text="The portal":::\n', "The portal"),
        ("::: column\nText in it.\n:::\n", "Text in it."),
        ("::: row\nText in it.\n:::\n", "Text in it."),
        ("The value is 2 ^123456\n", "The value is 2 ^123456"),
        ("Compute a ^abc123\n", "Compute a ^abc123"),
        ("It is so. ^abc123\n", "It is so."),
        ("> [!WARNING] text only\n", "Warning\ntext only"),
        ("> [!WARNING] Do not do it.\n> It hurts.\n", "Warning\nDo not do it.\nIt hurts."),
        (
            "\u9762\u79ef=\u957f*\uff08\u5bbd+\u9ad8\uff09*2\n",
            "\u9762\u79ef=\u957f*\uff08\u5bbd+\u9ad8\uff09*2",
        ),
        (
            "\u53c2\u6570 *args\u3001*kwargs \u90fd\u53ef\u4ee5\u3002\n",
            "\u53c2\u6570 *args\u3001*kwargs \u90fd\u53ef\u4ee5\u3002",
        ),
    ],
)
def test_what_only_looks_like_marks_of_a_site_is_kept(page: str, text: str) -> None:
    assert read("markdown", page).text == text


@each_row(
    "page, text",
    [
        ("One.\n{% comment %}\nhidden *a*\n\n- b\n{% endcomment %}\nTwo.\n", "One.\n\nTwo."),
        ("---\ntitle: T\n---\nIt {%- comment -%}x{% endcomment %}is `{% comment %}`.\n", None),
        (
            "```liquid\n{% comment %}\nx\n{% endcomment %}\n```\n",
            "{% comment %}\nx\n{% endcomment %}",
        ),
        ("{% comment %}\nnever closed\n", "never closed"),
        ("* TOC\n{:toc}\n\n# Head\n\nText.\n", "Head\n\nText."),
        ("1. table of contents\n{:toc .x}\n\nText.\n", "Text."),
        ("* one\n* two\n{: .x}\n", "- one\n- two"),
        ("    * TOC\n    {:toc}\n\nText.\n", "* TOC\n{:toc}\n\nText."),
        ("In [!INCLUDE [prod](a/b.md)] it is [!include[ver](~/c.md)].\n", "In prod it is ver."),
        ("Use `[!INCLUDE [x](y)]` so.\n", "Use [!INCLUDE [x](y)] so."),
        ("Text:\n\n    {% raw %}\n    {{ x }}\n\nEnd.\n", "Text:\n\n{% raw %}\n{{ x }}\n\nEnd."),
    ],
)
def test_what_the_generator_takes_out_is_no_text_but_code_is(page: str, text: str | None) -> None:
    assert read("markdown", page).text == (text or "It is {% comment %}.")


@each_row(
    "code, shown",
    [
        ("let a // [!code highlight]\nlet b // [!code --]", "let a\nlet b"),
        ("a: 1 # [!code focus:2]\n<b> <!-- [!code ++] -->", "a: 1\n<b>"),
        ("// [!code word:x]\nx()", "x()"),
        ("// highlight-next-line\na()\n# highlight-start\nb()\n/* highlight-end */", "a()\nb()"),
        ("// This is [!code highlight] in text\na()", "// This is [!code highlight] in text\na()"),
        ("// see highlight-next-line\na()", "// see highlight-next-line\na()"),
    ],
)
def test_marks_for_the_highlighter_are_no_code(code: str, shown: str) -> None:
    assert read("markdown", f"```js\n{code}\n```\n").text == shown


@each_row(
    "page, text",
    [
        ("\\[x\\] is `a`, \\*b\\* and **c**.\n", "[x] is a, *b* and c."),
        ("$$a_1 * b$$ is **it**.\n", "$$a_1 * b$$ is it."),
        ("- \\[What has *changed*.\\]\n", "- [What has changed.]"),
        ("$$a$$ is **not** $$b$$\n", "$$a$$ is not $$b$$"),
        ("$$a_1 * b * c$$,\nand **so**.\n", "$$a_1 * b * c$$,\n\nand so."),
        ("\\[a_1 * b * c\\] (1)\n", "\\[a_1 * b * c\\] (1)"),
    ],
)
def test_formula_that_begins_a_paragraph_ends_where_it_ends(page: str, text: str) -> None:
    assert read("markdown", page).text == text


@each_row(
    "code",
    [
        "(my-label)=\n# Head",
        '=== "Linux"\n\n    Use apt.',
        '!!! note inline end "T"\n    Text.',
        "| `a|b` | c |\n|---|---|",
    ],
)
def test_code_about_markdown_stays_as_it_is(code: str) -> None:
    within = "\n".join(f"  {line}" for line in code.split("\n"))

    assert read("markdown", f"````md\n{code}\n````\n").text == code
    assert read("markdown", f"- a\n\n  ~~~\n{within}\n  ~~~\n").text == f"- a\n\n{code}"


def test_tab_whose_first_line_is_code_is_a_tab() -> None:
    page = '```\nx\n```\n\n=== "Linux"\n\n    ```sh\n    apt\n    ```\n\n(a)=\n\nEnd.\n'

    assert read("markdown", page).text == "x\n\nLinux\n\napt\n\nEnd."


@each_row(
    "page, text",
    [
        ("```jsx\n<App>\n</App>\n```\n\n    if a:\n        b\n", "<App>\n</App>\n\nif a:\n    b"),
        (
            "```\n> [!note] x\n%%\n```\n\nAt 5%% or %%a%% more.\n",
            "> [!note] x\n%%\n\nAt 5%% or %%a%% more.",
        ),
    ],
)
def test_code_of_another_kind_does_not_change_how_the_page_is_read(page: str, text: str) -> None:
    assert read("markdown", page).text == text


@each_row(
    "page, text",
    [
        (":::note[My *title*]{.x}\n\nHot.\n\n:::\n", "My title\n\nHot."),
        (":::tip My title {#x}\nHot.\n:::\n", "My title\n\nHot."),
        (
            '<Card title="A card" icon="x">Its *body*.</Card>\n\nEnd.\n',
            "A card\n\nIts body.\n\nEnd.",
        ),
        ('Text.\n<Step title="First">Do `it`.</Step>\n', "Text.\n\nFirst\n\nDo it."),
        ('<Button href="x">a *link*</Button> goes on.\n', "a link goes on."),
        ('```jsx\n<Card title="A">b</Card>\n```\n', '<Card title="A">b</Card>'),
    ],
)
def test_names_of_boxes_and_components_are_text(page: str, text: str) -> None:
    assert read("markdown", page).text == text
