"""Documents with the same text, and translations, before the split is drawn."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random

import pytest

from engine.files.journal import Journal
from engine.files.records import encode_record, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.testing import FakeAsk
from jobs.documents.chunk_documents import CHUNKS
from jobs.documents.split_documents import SPLIT
from jobs.documents.whole_corpus.check_held_out import (
    HELD_OUT_CHECK,
    describe_held_out,
    read_held_out_check,
    read_leaked_share,
    read_leaked_text,
)
from jobs.documents.whole_corpus.find_twins import TWINS
from jobs.run.run_stages import run_stages
from jobs.run.stages import Stage
from schemas.dataset import Rejection
from schemas.documents import Chunk, Document, DocumentGroup, Side, SplitAssignment
from schemas.record import Record, content_id
from tests.unit.jobs.evaluation.made_run import make_settings
from tests.unit.jobs.run.contexts import make_context

_NAMES = ("kiln", "loom", "saw", "vat", "press", "forge", "anvil", "still", "wheel", "clay")
WORDS = [f"{name}{digit}" for name in _NAMES for digit in range(10)]


@cache
def prose(seed: int, word_count: int = 400) -> str:
    return " ".join(Random(seed).choices(WORDS, k=word_count))


def document(path: str, text: str, format_name: str = "html") -> Document:
    return Document(
        document_id=content_id("document", path),
        path=path,
        format=format_name,
        size_bytes=len(text),
        title=path,
        word_count=len(text.split()),
        text=text,
    )


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path)
    folder.create()
    return folder


def write(folder: RunFolder, name: str, records: Sequence[Record]) -> None:
    replace_file(folder.results_path(name), map(encode_record, records))


async def take(folder: RunFolder, *stages: Stage[None]) -> None:
    async with Journal(folder.journal_path) as journal:
        context = make_context(folder, make_settings(), FakeAsk(), journal)
        await run_stages(stages, context)


async def find(folder: RunFolder, *documents: Document) -> dict[str, DocumentGroup]:
    """The groups by the paths of their documents."""
    write(folder, "documents", documents)
    await take(folder, TWINS)
    paths = {each.document_id: each.path for each in documents}
    found = read_records(folder.results_path(TWINS.name), DocumentGroup)
    return {paths[group.document_id]: group for group in found}


def left_out(groups: dict[str, DocumentGroup]) -> set[str]:
    return {path for path, group in groups.items() if group.duplicate_of is not None}


@pytest.mark.parametrize("is_reversed", [False, True])
async def test_of_one_book_in_several_formats_the_best_is_kept(
    folder: RunFolder, is_reversed: bool
) -> None:
    book = [document(f"book.{kind}", prose(1), kind) for kind in ("text", "pdf", "html", "epub")]
    other = document("other.html", prose(2))

    groups = await find(folder, *(reversed(book) if is_reversed else book), other)

    assert left_out(groups) == {"book.text", "book.pdf", "book.epub"}
    rejected = {(each.path, each.detail) for each in read_records(folder.rejected_path, Rejection)}
    assert ("book.pdf", "book.pdf: its text stands in book.html") in rejected
    assert groups["other.html"].group_id != groups["book.html"].group_id


async def test_book_in_one_file_and_its_chapters_are_one_text(folder: RunFolder) -> None:
    chapters = [prose(number) for number in range(5)]
    pages = [document(f"ch{n}.html", text) for n, text in enumerate(chapters)]
    pdf = document("book.pdf", "\n\n".join(chapters), "pdf")

    groups = await find(folder, pdf, *pages)

    assert left_out(groups) == {"book.pdf"}


async def test_documents_that_share_a_part_are_kept_and_stay_together(folder: RunFolder) -> None:
    shared = prose(1, 200)
    one, other = document("a.html", prose(2, 250) + shared), document("b.html", shared + prose(3))

    groups = await find(folder, one, other, document("c.html", prose(4)))

    assert left_out(groups) == set()
    assert groups["a.html"].group_id == groups["b.html"].group_id != groups["c.html"].group_id


async def test_hundreds_of_pages_with_one_footer_are_not_one_group(folder: RunFolder) -> None:
    footer = prose(0, 30)
    pages = [document(f"{n}.html", prose(n + 1, 200) + " " + footer) for n in range(60)]

    groups = await find(folder, *pages)

    assert len({group.group_id for group in groups.values()}) == 60


async def test_same_path_in_two_languages_is_one_group(folder: RunFolder) -> None:
    groups = await find(
        folder,
        document("manual/de/intro.html", prose(1)),
        document("manual/en/intro.html", prose(2)),
        document("manual/en/other.html", prose(3)),
    )

    intro, translated = groups["manual/en/intro.html"], groups["manual/de/intro.html"]
    assert intro.group_id == translated.group_id
    assert groups["manual/en/other.html"].group_id != intro.group_id


async def test_what_has_a_side_stays_when_its_twin_joins(folder: RunFolder) -> None:
    pdf, html = document("book.pdf", prose(1), "pdf"), document("book.html", prose(1))
    write(folder, SPLIT.name, [SplitAssignment(document_id=pdf.document_id, spans=())])

    groups = await find(folder, pdf, html)

    assert left_out(groups) == {"book.html"}


async def test_twin_comes_back_when_the_kept_one_is_gone(folder: RunFolder) -> None:
    pdf, html = document("book.pdf", prose(1), "pdf"), document("book.html", prose(1))
    await find(folder, pdf, html)

    groups = await find(folder, pdf)

    assert left_out(groups) == set()
    assert list(read_records(folder.rejected_path, Rejection)) == []


async def test_group_is_on_one_side_of_the_split(folder: RunFolder) -> None:
    shared = prose(1, 300)
    documents = [document(f"{n}.html", prose(n + 10, 300)) for n in range(20)]
    pair = [document(f"pair{n}.html", shared + prose(50 + n, 300)) for n in range(2)]
    write(folder, "documents", [*documents, *pair])

    await take(folder, TWINS, SPLIT)

    sides: dict[str, set[Side]] = {
        each.document_id: {span.side for span in each.spans}
        for each in read_records(folder.results_path(SPLIT.name), SplitAssignment)
    }
    assert {"held_out"} in sides.values()
    assert sides[pair[0].document_id] == sides[pair[1].document_id]


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (("en/book.html", "de/book.html"), "all 2 documents share text or are translations"),
        (("one.html",), "the documents are too few or too short; add some"),
    ],
)
async def test_why_nothing_is_held_out_is_said(
    folder: RunFolder, caplog: pytest.LogCaptureFixture, paths: tuple[str, ...], said: str
) -> None:
    write(folder, "documents", [document(path, prose(n, 60)) for n, path in enumerate(paths)])

    await take(folder, TWINS, SPLIT)

    assert f"no text is held out, so nothing can be evaluated: {said}" in caplog.text


async def test_a_folder_of_one_group_says_what_is_on_no_side(
    folder: RunFolder, caplog: pytest.LogCaptureFixture
) -> None:
    texts = {"de": prose(8, 9_000), "en": prose(9, 8_000)}
    write(folder, "documents", [document(f"{n}/book.html", text) for n, text in texts.items()])

    await take(folder, TWINS, SPLIT)

    sides = [each.spans for each in read_records(folder.results_path(SPLIT.name), SplitAssignment)]
    assert sorted(map(bool, sides)) == [False, True]
    assert "parts of the largest are; another one is on no side" in caplog.text


def chunk(name: str, side: Side, text: str) -> Chunk:
    return Chunk(
        chunk_id=content_id("chunk", name),
        document_id=name,
        path=name,
        title=name,
        side=side,
        start_char=0,
        end_char=len(text),
        first_page=None,
        last_page=None,
        headings=(),
        token_count=len(text.split()),
        text=text,
    )


async def test_held_out_chunk_that_stands_in_training_text_is_dropped(folder: RunFolder) -> None:
    shared, apart = prose(1, 100), prose(2, 100)
    leaked = chunk("leaked", "held_out", prose(3, 60) + " " + shared)
    partly = chunk("partly", "held_out", apart + " " + " ".join(shared.split()[:20]))
    write(folder, CHUNKS.name, [chunk("trained", "train", shared), leaked, partly])

    await take(folder, HELD_OUT_CHECK)

    check = read_held_out_check(folder)
    assert check is not None
    assert check.dropped_chunk_ids == (leaked.chunk_id,)
    assert check.held_out_chunk_count == 2
    assert check.leaked_share == pytest.approx(13 / 113)  # of 120 tokens in a row
    ((chunk_id, (span,)),) = read_leaked_text(folder).items()
    start = span.start_char - partly.start_char
    assert (chunk_id, start) == (partly.chunk_id, len(apart) + 1)
    assert span.end_char - partly.start_char == len(partly.text)
    assert read_leaked_share(folder) == 0.0  # no question rests on it
    assert describe_held_out(check).endswith(
        "of the others 11.50% does, and no question of an evaluation rests on that"
    )
    as_before = check.model_copy(update={"leaked_text": None})  # which earlier versions wrote
    assert describe_held_out(as_before).endswith("of the others 11.50% does")
    (rejection,) = read_records(folder.rejected_path, Rejection)
    assert rejection.reason == "held_out_text_in_training"
    assert (rejection.chunk_id, rejection.path) == (leaked.chunk_id, leaked.path)
    assert leaked.text.startswith(rejection.text)


async def test_without_held_out_text_nothing_leaks(folder: RunFolder) -> None:
    write(folder, CHUNKS.name, [chunk("trained", "train", prose(1))])

    await take(folder, HELD_OUT_CHECK)

    check = read_held_out_check(folder)
    assert check is not None
    assert (check.held_out_chunk_count, check.leaked_share) == (0, 0.0)
