"""Markdown and RST like that in public reports about other readers, each with all of its text.

The reports: quarto-cli 74 and 789; docusaurus-plugin-llms 64; teams-sdk 2797; career-ops-docs 21;
smartcontractkit/documentation 4063; localstack-docs 26; kramdown 338; digital-land.info 252;
rst-to-myst 97; pandoc 5814; and pages of Hugo, Jekyll, GitBook, Obsidian, Pandoc, MyST and Sphinx.
"""

from jobs.documents.readers.registry import format_of
from tests.rows import each_row
from tests.unit.jobs.documents.readers.reading import headings, read

CODE = [
    ("```{python}\n#| echo: false\nif x:\n    y = a * b * c\n```\n", "if x:\n    y = a * b * c"),
    ("```{r setup, include=FALSE}\nx <- 1\n```\n", "x <- 1"),
    ("```{mermaid}\ngraph TD\n  A --> B\n```\n", "graph TD\n  A --> B"),
    ("```{code-block} python\n:linenos:\n\nx = 1\n```\n", "x = 1"),
    ("```{code-block}\n---\nlinenos: true\n---\nx = 1\n```\n", "x = 1"),
    (
        "{% highlight ruby %}\ndef f\n  1 * 2 * 3\nend\n{% endhighlight %}\n",
        "def f\n  1 * 2 * 3\nend",
    ),
    ("{{< highlight go >}}\nx :=  1\n{{< /highlight >}}\n", "x :=  1"),
    ("+---+---+\n| a | b |\n+===+===+\n| 1 | 2 |\n+---+---+\n\nEnd.\n", None),
    ("┌────┐\n│ a  │\n└────┘\n", None),
]
SITES = [
    ("{{< note >}}\nThe **pump**.\n{{< /note >}}\n", "The pump."),
    ('{{% tab name="Linux" %}}\nUse *apt*.\n{{% /tab %}}\n', "Linux\n\nUse apt."),
    ("Text.\n{% note %}\nMind *this*.\n{% endnote %}\n", "Text.\n\nMind this."),
    ("{% include head.html %}\n\nText {{ x }}.\n", "Text {{ x }}."),
    ("    {% if x %}\n    y\n    {% endif %}\n", "{% if x %}\ny\n{% endif %}"),
    ("Text.\n{: .lead}\n\n[TOC]\n\nMore.\n", "Text.\n\nMore."),
    (
        'export const meta = {\n  a: 1,\n};\n\n<Tabs>\n  <Tab label="Linux">\n    Use `apt`.\n'
        "  </Tab>\n</Tabs>\n\n{/* a\ncomment */}\n\nEnd.\n",
        "Linux\n\nUse apt.\n\nEnd.",
    ),
    ("<Note>\nMind **this**.\n</Note>\n", "Mind this."),
    (
        '<Tabs><TabItem value="a" label="Linux">\n\nUse it.\n\n</TabItem></Tabs>\n',
        "Linux\n\nUse it.",
    ),
    ('<Tab value="Command line">\n\nUse it.\n\n</Tab>\n', "Command line\n\nUse it."),
    ('<TabItem value="root" label="App root">\n\nIt.\n\n</TabItem>\n', "App root\n\nIt."),
    ('<Install command="add pump" />\n\nEnd.\n', "add pump\n\nEnd."),
    ('See [it](a){:target="_blank"}.\n', "See it."),
    ("* Run:\n\n    ```{r}\n    1 + 1\n    ```\n", "- Run:\n\n1 + 1"),
    ("Set\n\n<YOUR-KEY>\n\nand List<String>.\n", "Set\n\n<YOUR-KEY>\n\nand List<String>."),
    ("See [[Pump]] and [[Valve|the valve]].\n\n![[p.png]]\n", "See Pump and the valve."),
    ("Use [[ -f x ]] and [[a]](b).\n", "Use [[ -f x ]] and [a]."),
    ("It is ==marked==, not x==1 and y==2.\n", "It is marked, not x==1 and y==2."),
    ("H~2~O, 10^6^ and ~x and ~y.\n", "H2O, 10^6 and ~x and ~y."),
    ("---\ntitle: T\n...\n\nText.\n", "Text."),
    ("% The Title\n% Ann\n\nText.\n", "Text."),
    ("::::{grid} 2\n:::{card} One\nBody.\n:::\n::::\n", "One\n\nBody."),
    ("```{figure} a.png\n:width: 5\n\nThe caption.\n```\n", "The caption."),
]
PANDOC = [
    ("Do:\n\na. open\nb. close\n", "Do:\n\na. open\nb. close"),
    ("• one\n• two\n  goes on\n", "• one\n• two goes on"),
    ("a) one\nand then b) two in a line\n", "a) one and then b) two in a line"),
    ("| line one\n|   line two\n| three\n", "line one\nline two\nthree"),
    ("It is $`a*b*c`$ or $5 for `x`.\n", "It is a*b*c or $5 for x."),
    ("| a | b |\n|---|---|\n| `x|y` | z |\n", "a | b\nx|y | z"),
    ("```\n| `x|y` | z |\n```\n", "| `x|y` | z |"),
    (
        "  Part    Price\n  ------- -----\n  Seal        5\n\nEnd.\n",
        "  Part    Price\n  ------- -----\n  Seal        5\n\nEnd.",
    ),
    ("One.\n\n--- ---\nA   B\n\nC   D\n--- ---\n", "One.\n\n--- ---\nA   B\n\nC   D\n--- ---"),
    ("One.\n\n- - -\n\nTwo.\n", "One.\n\nTwo."),
    ("In [small caps]{.smallcaps} here.\n", "In small caps here."),
]
RST = [
    ("Type :samp:`run {file}` in :file:`/usr/{name}`.\n", "Type run file in /usr/name."),
    (
        ".. glossary::\n   :sorted:\n\n   one\n   *two*\n      Both.\n\n      More.\n\n"
        "   other\n      It.\n",
        "one\ntwo\nBoth.\n\nMore.\n\nother\nIt.",
    ),
    (".. tabs::\n\n   .. code-tab:: c\n\n      if (x)\n          y();\n", "if (x)\n    y();"),
    (
        ".. flat-table:: Sizes *here*\n   :header-rows: 1\n\n   * - A\n     - B\n"
        "   * - 1\n     - 2\n\n   * - :cspan:`1` both\n",
        "Sizes here\n\nA | B\n1 | 2\nboth",
    ),
    (".. flat-table::\n\n   * one\n   * two\n", "- one\n- two"),
    (".. program:: rm\n\n.. option:: -r\n\n   Removes.\n", "-r\n\nRemoves."),
    (
        ".. sidebar:: Side\n   :subtitle: Sub\n\n   More.\n\nText.\n",
        "Side\n\nSub\n\nMore.\n\nText.",
    ),
    (
        "Press :guilabel:`&Cancel` or :menuselection:`Start --> R&un`, R && D.\n",
        "Press Cancel or Start ‣ Run, R && D.",
    ),
    (".. confval:: x\n   :default: ``5``\n\n   It.\n\n.. todo:: Say more.\n", "x = 5\n\nIt."),
    (
        ".. confval:: max_size\n   :type: int\n   :default: 5\n\n   It.\n",
        "max_size: int = 5\n\nIt.",
    ),
    ("A long title\n====\n\nText.\n", "A long title\n\nText."),
    (
        "===  ===\nA    B\n===  ===\nlonger than it x\n===  ===\n",
        "===  ===\nA    B\n===  ===\nlonger than it x\n===  ===",
    ),
    (".. tabs::\n\n   .. tab:: Linux\n\n      Use apt.\n", "Linux\n\nUse apt."),
    (
        ".. parsed-literal::\n\n   pip install |x|\n     *more*\n\n.. |x| replace:: pump\n",
        "pip install pump\n  more",
    ),
    (
        "-a, --all    Show all.\n-f FILE      Read it.\n",
        "-a, --all\nShow all.\n\n-f FILE\nRead it.",
    ),
]


@each_row("page, text", [*CODE, *SITES, *PANDOC])
def test_markdown_loses_and_adds_nothing(page: str, text: str | None) -> None:
    drawn = page.split("\n\n")[0].strip()

    shown = read("markdown", page).text

    assert shown == text if text is not None else shown.startswith(drawn)


@each_row("page, text", RST)
def test_rst_loses_and_adds_nothing(page: str, text: str) -> None:
    assert read("rst", page).text == text


def test_a_heading_without_its_space_is_one_between_empty_lines() -> None:
    page = "#Title\n\nText.\n\n##Care##\n\n#one\n#two\n"

    extract = read("markdown", page)

    assert headings(extract) == [(1, "Title"), (2, "Care")]
    assert extract.text.endswith("#one #two")


@each_row("name", ["a.mdx", "a.qmd", "a.Rmd", "a.mkd", "a.mdown.gz"])
def test_markdown_of_other_programs_is_known_by_its_ending(name: str) -> None:
    assert format_of(name) == "markdown"
