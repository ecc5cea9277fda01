"""Markup that is made to cost much: it costs its limit and nothing else."""

import asyncio
from itertools import pairwise
from pathlib import Path
from zipfile import ZipFile

import pytest

from schemas.settings import DocumentSettings
from tests.integration.jobs.documents.reading_folders import read_folder, reasons, texts, worker_ids
from tests.unit.jobs.documents.readers.made_files import make_zip

LIMITS = DocumentSettings(max_seconds_per_file=20, max_memory_mb_per_file=512)
COUNT = 20_000
ENDINGS = ("txt", "html", "md", "rst")
UNITS = {
    "blanks": " ",
    "no-break": "\u00a0",
    "lines": " \n",
    "escapes": "\x1b]",
    "overstrikes": "a\b",
    "braces": "{",
    "dashes": "-",
    "tags": "<a ",
    "closing": "</",
    "raised": "<sup>",
    "cells": "<td colspan=50 rowspan=500>x",
    "sections": "<![CDATA[",
    "formulas": "$a ",
    "roles": ":a:",
    "quotes": "`a",
    "entities": "&amp",
    "items": "1. a\n",
    "links": "<a href=x>a</a>",
    "headers": "<header>",
    "hidden": "<div hidden id=a>",
    "names": "__a",
    "inserted": "^^a",
    "literals": "```x\n",
    "fences": "``` x\n\n",
    "phrases": "`x ",
    "substitutions": "|x ",
    "containers": "<div>",
    "lists": "<ul><li>",
}
MANY = 100_000
WORKERS = ("reader_worker", "fork_server")  # how those begin that read for other tests
PAGES = {  # what costs the square of its size only behind something else
    "codes.html": "begin" + "<code>a<br>" * COUNT,
    "menus.html": "begin" + "<nav>a" * COUNT,
    "footers.html": "begin" + "<footer>a" * COUNT,
    "tables.html": "begin" + "<table><tr><td>" * 8_000,
    "heading.md": f"# begin{' ' * MANY}end",
    "raw.md": "begin {% raw %}\n" + "``` x\n" * MANY,
    "ticks.md": f"begin {{% raw %}} {'`' * MANY}",
    "includes.md": "begin\n" + "--8<-- {{\n" * MANY,
    "entities.xhtml": f"<!DOCTYPE html [{'<!ENTITY x ' * 1_000}]>begin{' ' * MANY}",
}


@pytest.mark.parametrize("ending", ENDINGS)
async def test_much_of_one_thing_is_read_within_the_limits(tmp_path: Path, ending: str) -> None:
    for name, unit in UNITS.items():
        (tmp_path / f"{name}.{ending}").write_text("begin " + unit * COUNT + " end")

    results = await read_folder(tmp_path, LIMITS)

    assert reasons(results) == {}
    assert all(text.startswith("begin") for text in texts(results).values())


async def test_much_of_one_thing_behind_another_is_read_within_the_limits(tmp_path: Path) -> None:
    for name, text in PAGES.items():
        (tmp_path / name).write_text(text)

    results = await read_folder(tmp_path, LIMITS)

    assert reasons(results) == {}
    assert all(text.startswith("begin") for text in texts(results).values())


async def test_a_worker_that_is_stopped_takes_pandoc_with_it(tmp_path: Path) -> None:
    pytest.importorskip("pypandoc")
    tens = ["\\" + name for name in "abcdefgh"]
    steps = "".join(f"\\def{b}{{{a * 10}}}" for a, b in pairwise(tens))
    (tmp_path / "grow.tex").write_text(f"\\def\\a{{x}}{steps}{tens[-1] * 4}")

    results = await read_folder(tmp_path, DocumentSettings(max_seconds_per_file=2))

    assert reasons(results) == {"grow.tex": "timeout"}
    assert worker_ids() == []
    async with asyncio.timeout(10):
        while _without_worker("files/pandoc"):
            await asyncio.sleep(0.02)


async def test_bombs_are_refused(tmp_path: Path) -> None:
    names = [f"bomb.{ending}" for ending in ("docx", "pptx", "epub", "odt")]
    bomb = make_zip({"word/document.xml": bytes(200_000_000)})
    for name in names:
        path = tmp_path / name
        path.write_bytes(bomb)
        with ZipFile(path, "a") as archive:
            archive.comment = name.encode()  # or they would be one file, read once

    results = await read_folder(tmp_path, LIMITS)

    assert reasons(results) == dict.fromkeys(names, "too_large")


def _without_worker(part: str) -> list[str]:
    """The commands with `part` that run on without a worker; those of other tests have theirs."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                command = _command(entry)
                parent_id = (entry / "stat").read_text().rpartition(")")[2].split()[1]
                parent = _command(entry.parent / parent_id)
            except (FileNotFoundError, ProcessLookupError):
                continue
            if part in command and not any(each in parent for each in WORKERS):
                found.append(command)
    return found


def _command(process_dir: Path) -> str:
    return (process_dir / "cmdline").read_bytes().decode(errors="replace")
