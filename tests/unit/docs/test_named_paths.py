"""What the docs name exists: files of the tree, targets of links, and names in files."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.rows import each_row

ROOT = Path(__file__).parents[3]
PAGES = ["CONTRIBUTING.md", "README.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))]
TREE = "engine|jobs|schemas|scripts|tests|docs|corpus_distill"
PATH = re.compile(
    rf"(?<![\w/.$~-])((?:{TREE})/[\w./@-]*\w\.(?:\w+)|(?:{TREE})(?:/[\w-]+)*/)(?![\w/])"
)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")
NAME_IN = re.compile(r"`(\w+)` in `(\w+/[\w/.-]+\.\w+)`")


def read_page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def named_paths(text: str) -> Iterator[str]:
    for match in PATH.finditer(text):
        yield match[1]


def names_in_files() -> list[tuple[str, str]]:
    return [pair for page in PAGES for pair in NAME_IN.findall(read_page(page))]


@each_row("page", PAGES)
def test_every_file_that_a_page_names_exists(page: str) -> None:
    missing = [path for path in named_paths(read_page(page)) if not (ROOT / path).exists()]

    assert missing == []


@each_row("page", PAGES)
def test_every_link_leads_to_a_file(page: str) -> None:
    folder = (ROOT / page).parent

    broken = [link for link in LINK.findall(read_page(page)) if not (folder / link).exists()]

    assert broken == []


@each_row("name, path", names_in_files())
def test_every_name_stands_in_the_file_that_is_named_with_it(name: str, path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")

    assert re.search(rf"\b{name}\b", text)


def test_contributing_names_files_for_every_kind_of_addition() -> None:
    sections = read_page("CONTRIBUTING.md").split("\n### ")[1:]

    assert len(sections) > 8
    assert [section for section in sections if not any(named_paths(section))] == []
    assert len(names_in_files()) > 10
