"""Markdown as single programs write it, like that in public reports, each with all of its text.

The reports: markdown-it-deflist 9 and pandoc 8190 (several terms of a definition); pages of
CriticMarkup, PyMdown, MkDocs, Hugo, Kubernetes, Jekyll, mdBook, Obsidian, Pandoc, Quarto, MyST,
GitBook, Docsify, Mintlify and Azure DevOps.
"""

from tests.rows import each_row
from tests.unit.jobs.documents.readers.reading import headings, read

DEFINITIONS = [
    (
        "Apple\nMalus\n:   A fruit.\n\nOrange\n:   Another fruit.\n:   A colour.\n",
        "Apple\nMalus\nA fruit.\n\nOrange\nAnother fruit.\n\nA colour.",
    ),
    ("Text\non.\n\nTerm 1\n**Term** 2\n\n: A\n", "Text on.\n\nTerm 1 Term 2\n\n: A"),
    ("Term 1\n**Term** 2\n  ~ A\n  ~ B\n", "Term 1\nTerm 2\nA\n\nB"),
    ("It is so.\nTerm 2\n: A\n", "It is so. Term 2 : A"),
    ("- one\n- two\n: A\n", "- one\n- two : A"),
]
EDITS = [
    (
        "The {++new ++}pump{-- old--} is {~~loud~>quiet~~}{>>really?<<} and {==strong==}{>>x<<}.\n",
        "The new pump is quiet and strong.",
    ),
    ("Use `{++x++}` and ``{--y--} ` ``.\n", "Use {++x++} and {--y--} ` ."),
    ("| a |\n|---|\n| {++b++} |\n", "a\nb"),
    ("Write {{-- a remark --}} so.\n", "Write {{-- a remark --}} so."),
]
ATTRIBUTES = [
    ("Before ![x](y.png){ width=300 loading=lazy } after.\n", "Before x after."),
    ("[Get](x){ .md-button .b } it, or [see][y]{target=_blank}.\n\n[y]: z\n", "Get it, or see."),
    ("**Bold**{: .x } and **more**{ #y }.\n", "Bold and more."),
    ("Text of it.\n{ .annotate }\n\nMore.\n{: .x #y}\n", "Text of it.\n\nMore."),
    ("Call f(x){a=1} and {x} or a set {1, 2}.\n", "Call f(x){a=1} and {x} or a set {1, 2}."),
    ("| a |\n|---|\n| 1 |\n\n: Sizes of it {#tbl-x}\n", "a\n1\n\nSizes of it"),
    (": no caption\n", ": no caption"),
    ("The kind: it.\n\n| a |\n|---|\n| 1 |\n", "The kind: it.\n\na\n1"),
]
TAGS = [
    (
        'See [it]({{< ref "a/b.md" >}}), [that]({{% relref "x" %}}), [x]({{ url }}{% link x %}).\n',
        "See it, that, x.",
    ),
    (
        'A {{< glossary_tooltip text="Pod" term_id="pod" >}} on a\n'
        '{{< glossary_tooltip term_id="node" >}}\nruns {{< kbd Ctrl-P >}}.\n',
        "A Pod on a node runs Ctrl-P.",
    ),
    ('## {{% heading "prerequisites" %}}\n\nText{{< fa star >}}.\n', "prerequisites\n\nText."),
    ("Use `{{< ref >}}` and `{% if %}`.\n", "Use {{< ref >}} and {% if %}."),
    ("```\n{{</* ref */>}}\n```\n", "{{< ref >}}"),
    ("---\ntitle: T\n---\nText {% icon x %}here `{% if %}`.\n", "Text here {% if %}."),
    ("Text {% icon x %} here.\n", "Text {% icon x %} here."),
    ('One.\n\n--8<-- "docs/x.md"\n\n;--8<-- "y"\n\nTwo.\n', "One.\n\nTwo."),
    ("One.\n\n{{#include ../x.rs:5}}\n\n```rust\n{{#include x}}\nfn\n```\n", "One.\n\nfn"),
    ("One {/* hidden */} two.\n", "One two."),
    ("```hbs\n{{#if x}}\n  a\n{{/if}}\n```\n", "{{#if x}}\n  a\n{{/if}}"),
    ("- Do:\n\n  ```\n  {{#each x}}\n  {{/each}}\n  ```\n", "- Do:\n\n{{#each x}}\n{{/each}}"),
    ("```\n\\{{#include a.rs}}\n```\n", "{{#include a.rs}}"),
    ('{{#tabs }}\n{{#tab name="A" }}\nIn A.\n{{#endtab }}\n{{#endtabs }}\n', "A\n\nIn A."),
    ('{{< tabs "id" >}}\n{{< tab "Linux" >}}\nIt.\n{{< /tab >}}\n{{< /tabs >}}\n', "Linux\n\nIt."),
    ('{% code title="a.js" %}\n```js\nlet x;\n```\n{% endcode %}\n', "a.js\n\nlet x;"),
    ('<ParamField path="id" type="string" required>\n  The id.\n</ParamField>\n', "id\n\nThe id."),
    ("One.\n\n--8<--\na.md\nb.md\n--8<--\n\nTwo.\n", "One.\n\nTwo."),
    ('```\n--8<-- "a.py"\nx = 1\n```\n', "x = 1"),
    ('```\n;--8<-- "a.py"\n```\n', '--8<-- "a.py"'),
]
BLOCKS = [
    (
        "/// warning | Hot *surface*\n    type: warning\n\nNever touch it.\n///\n\nEnd.\n",
        "Hot surface\n\nNever touch it.\n\nEnd.",
    ),
    ("/// details | More\nText.\n\n    code\n///\n", "More\n\nText.\n\ncode"),
    ("```rust\n/// Starts it.\nfn start()\n///\n```\n", "/// Starts it.\nfn start()\n///"),
    ("/// not closed\nText.\n", "/// not closed Text."),
    (":::{admonition} A title\n:class: tip\n:name: x\nText.\n:::\n", "A title\n\nText."),
    ('<div markdown="1">\n**Bold** and `code`.\n</div>\n\nEnd.\n', "Bold and code.\n\nEnd."),
    ("<div>\n**As** it is.\n</div>\n", "**As** it is."),
    (
        "```{=html}\n<p>So <b>it</b>.\n```\n\n```{=latex}\n\\newpage\n```\n\n"
        "A`<br>`{=html}b`x`{=tex}\n",
        "So it.\n\nA\nb",
    ),
    ("The HTML.\n\n*[HTML]: Hyper Text\n*[W3C]: World Wide Web\n", "The HTML."),
    ('{\n  "title": "T",\n  "tags": ["a"]\n}\n\nText.\n', "Text."),
    ("{\n  a: 1\n}\n\nText.\n", "{ a: 1 }\n\nText."),
    ("!!! warning inline end\n    Beside.\n\nText.\n", "Warning\n\nBeside.\n\nText."),
    ('!!! tip annotate "Mind"\n    It.\n', "Mind\n\nIt."),
    ("::: mermaid\ngraph TD\n  A --> B\n:::\n\nEnd.\n", "graph TD\n  A --> B\n\nEnd."),
    ("?> A tip.\n\n!> Mind it.\n", "A tip.\n\nMind it."),
]
WORDS = [
    (
        "Press ++ctrl+alt+del++, ++page-up++, C++ or i++.\n",
        "Press Ctrl+Alt+Del, Page Up, C++ or i++.",
    ),
    ("See [[it]] %%hidden%% now.\n\n%%\nA\n\nB\n%%\n\nEnd.\n", "See it now.\n\nEnd."),
    ("At 5%% each or %%a%% more.\n", "At 5%% each or %%a%% more."),
    ("%% a\nremark\n%%\n\nSee [[it]] %%and\nmore%% now.\n", "See it now."),
    ("%%time measures it.\n\nEnd.\n", "%%time measures it.\n\nEnd."),
    ("Call `#!py f(x)` in `#!/bin/sh` or `:::js g()`.\n", "Call f(x) in #!/bin/sh or g()."),
    ("It is ^^new^^, x^^2 and 2*3*4 = 24.\n", "It is new, x^^2 and 2*3*4 = 24."),
    (
        "In __init__.py, __main__ or a.__class__ see __that__.\n",
        "In __init__.py, __main__ or a.__class__ see that.",
    ),
]


@each_row("page, text", [*DEFINITIONS, *EDITS, *ATTRIBUTES, *TAGS, *BLOCKS, *WORDS])
def test_markdown_is_read_as_its_program_shows_it(page: str, text: str) -> None:
    assert read("markdown", page).text == text


def test_attributes_of_a_heading_are_no_part_of_it() -> None:
    page = (
        "## Install { #install .x }\n\n## Care {: #care }\n\n## Use { data-toc-label='Usage' }\n\n"
        "## Notes {-}\n\n## A set {1, 2}\n"
    )

    found = [text for _, text in headings(read("markdown", page))]

    assert found == ["Install", "Care", "Use", "Notes", "A set {1, 2}"]
