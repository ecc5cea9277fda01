"""Menus and footers that a folder repeats, from documents to chunks."""

from collections.abc import Sequence
from functools import cache
from itertools import product
from pathlib import Path
from random import Random

import pytest

from engine.files.records import read_records
from engine.run_folder import RunFolder
from jobs.documents.chunk_documents import CHUNKS
from jobs.documents.split_documents import SPLIT
from jobs.documents.whole_corpus.find_boilerplate import (
    BOILERPLATE,
    MIN_DOCUMENTS,
    read_boilerplate,
)
from jobs.documents.whole_corpus.find_twins import TWINS
from schemas.dataset import Rejection
from schemas.documents import Chunk, Document, DocumentGroup
from tests.unit.jobs.documents.whole_corpus.test_find_twins import document, prose, take, write

MENU = "Home\nAbout\nThe workshop of the valley\n\n"
SYLLABLES = ("ka", "lo", "mi", "re", "su", "ta", "no", "pe", "vi", "du")
WORDS = ["".join(syllables) for syllables in product(SYLLABLES, repeat=3)]
FOOTER = "\n\nPrinted in the valley"


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path)
    folder.create()
    return folder


def pages(count: int, *, path: str = "", head: str = MENU, tail: str = FOOTER) -> list[Document]:
    return [document(f"{path}p{n}.html", head + story(n) + tail) for n in range(count)]


@cache
def story(seed: int) -> str:
    words = Random(seed).choices(WORDS, k=160)
    return "\n\n".join(f"The {' '.join(words[n : n + 20])}." for n in range(0, 160, 20))


async def chunks_of(folder: RunFolder, documents: Sequence[Document]) -> list[Chunk]:
    write(folder, "documents", documents)
    await take(folder, BOILERPLATE, TWINS, SPLIT, CHUNKS)
    return list(read_records(folder.results_path(CHUNKS.name), Chunk))


async def find_boilerplate(folder: RunFolder, documents: Sequence[Document]) -> None:
    write(folder, "documents", documents)
    await take(folder, BOILERPLATE)


def rejections(folder: RunFolder) -> list[Rejection]:
    found = read_records(folder.rejected_path, Rejection)
    return [each for each in found if each.stage == BOILERPLATE.name]


async def test_menus_are_in_no_chunk_and_positions_stay_those_of_the_document(
    folder: RunFolder,
) -> None:
    documents = {each.document_id: each for each in pages(10)}

    chunks = await chunks_of(folder, list(documents.values()))

    assert {chunk.document_id for chunk in chunks} == documents.keys()
    assert not any("workshop" in c.text or "Printed" in c.text for c in chunks)
    for chunk in chunks:
        text = documents[chunk.document_id].text
        assert text[chunk.start_char : chunk.end_char] == chunk.text
    joined = "".join(chunk.text for chunk in chunks)
    assert all("".join(p.split()) in "".join(joined.split()) for n in range(10) for p in [story(n)])


async def test_what_was_left_out_is_one_line_a_folder(folder: RunFolder) -> None:
    await find_boilerplate(folder, pages(20) + pages(6, path="sub/", head="The sub\n\n" + MENU))

    lines = {each.detail: each.text.split("\n") for each in rejections(folder)}
    assert lines == {
        ".: lines at head or tail of many html documents, 4 different ones in 26": [
            *("About", "Home", "Printed in the valley", "The workshop of the valley")
        ],
        "sub: lines at head or tail of many html documents, 1 different ones in 6": ["The sub"],
    }


async def test_few_documents_and_other_formats_do_not_make_a_menu(folder: RunFolder) -> None:
    html = pages(MIN_DOCUMENTS - 1)
    others = [document(f"{n}.pdf", MENU + story(90 + n), "pdf") for n in range(3)]

    await find_boilerplate(folder, html + others)

    assert read_boilerplate(folder) == {}
    assert rejections(folder) == []


@pytest.mark.parametrize(("sharing_count", "is_found"), [(5, False), (6, True)])
async def test_lines_of_less_than_three_tenths_stay(
    folder: RunFolder, sharing_count: int, *, is_found: bool
) -> None:
    own = [document(f"own{n}.html", story(50 + n)) for n in range(20 - sharing_count)]

    await find_boilerplate(folder, pages(sharing_count) + own)

    assert bool(read_boilerplate(folder)) == is_found


async def test_the_order_of_documents_does_not_matter_and_added_ones_count(
    folder: RunFolder,
) -> None:
    write(folder, "documents", pages(4))
    await take(folder, BOILERPLATE)
    few = read_boilerplate(folder)
    write(folder, "documents", pages(9))
    await take(folder, BOILERPLATE)
    path = folder.results_path(BOILERPLATE.name)
    first, rejected = path.read_bytes(), folder.rejected_path.read_bytes()
    path.unlink()
    write(folder, "documents", pages(9)[::-1])

    await take(folder, BOILERPLATE)

    assert (few, len(read_boilerplate(folder))) == ({}, 9)
    assert (path.read_bytes(), folder.rejected_path.read_bytes()) == (first, rejected)


async def test_nothing_is_compared_again_when_nothing_was_added(folder: RunFolder) -> None:
    await find_boilerplate(folder, pages(6))
    path = folder.results_path(BOILERPLATE.name)
    before = path.stat()

    await take(folder, BOILERPLATE)

    assert path.stat().st_ino == before.st_ino


async def test_short_pages_with_a_large_menu_are_no_twins(folder: RunFolder) -> None:
    menu = "".join(f"- Part {n} of the guide\n" for n in range(40)) + "\n"
    short = [document(f"p{n}.html", menu + prose(n, 20)) for n in range(8)]

    write(folder, "documents", short)
    await take(folder, BOILERPLATE, TWINS)

    groups = list(read_records(folder.results_path(TWINS.name), DocumentGroup))
    assert all(group.duplicate_of is None for group in groups)
    assert len({group.group_id for group in groups}) == 8
