"""Files are read, and documents cut, by workers as by the command, which does what they cannot."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from engine.files.journal import Journal
from engine.files.records import encode_record, read_ids
from engine.run_folder import RunFolder
from engine.stopping import Stopping
from engine.testing.stage_parts import FakeAsk
from jobs.documents import read_elsewhere
from jobs.documents.chunk_documents import CHUNKS
from jobs.documents.list_files import SourceFile
from jobs.documents.list_sources import list_sources
from jobs.documents.read_documents import DOCUMENTS, LEAST_BYTES_ELSEWHERE
from jobs.documents.split_documents import SPLIT
from jobs.documents.whole_corpus.find_boilerplate import BOILERPLATE
from jobs.documents.whole_corpus.find_twins import TWINS
from jobs.run.run_stages import run_stages
from jobs.run.stages import Stage
from jobs.send.sharded.outside.stores import StoreOrder
from schemas.documents import Document, DocumentGroup
from schemas.settings import RunSettings
from tests.crash.runs import comparable_files, write_documents
from tests.integration.jobs.spread.others import Others
from tests.unit.jobs.evaluation.made_run import make_settings
from tests.unit.jobs.run.contexts import make_context

NOTE = "rows.jsonl: 1 of 3 rows are damaged"


def write_files(folder: Path) -> None:
    """Small texts, a page that is large but for its text, a table with a damaged row, no text."""
    write_documents(folder)
    picture = "x" * LEAST_BYTES_ELSEWHERE
    page = f"<h1>Wide</h1><!--{picture}--><p>The lathe turns at 400 revolutions a minute.</p>"
    (folder / "wide.html").write_text(page)
    rows = '{"text": "The loom has a front beam."}\n{"text": \n{"text": "The saw has teeth."}\n'
    (folder / "rows.jsonl").write_text(rows)
    (folder / "empty.md").write_text("\n\n")


def settings_for(documents: Path) -> RunSettings:
    return make_settings(f"documents_dir={documents}", "documents.text_column=text")


async def take(
    folder: RunFolder,
    stages: Sequence[Stage[None]],
    settings: RunSettings,
    elsewhere: RunSettings | None = None,
    store: StoreOrder | None = None,
) -> Others | None:
    """Run stages; with settings for elsewhere, by others."""
    async with Journal(folder.journal_path) as journal:
        others = None if elsewhere is None else Others(folder, journal, elsewhere, store)
        context = make_context(folder, settings, FakeAsk(), journal)
        end = await run_stages(tuple(stages), replace(context, spread=others))
    assert end.is_done
    return others


async def begin(run_dir: Path, documents: Path) -> RunFolder:
    folder = RunFolder(run_dir)
    folder.create()
    await list_sources(folder, documents, Stopping(), text_column="text")
    return folder


async def test_files_that_others_read_are_those_that_the_command_reads(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    documents, copy = tmp_path / "documents", tmp_path / "copy"
    write_files(documents)
    shutil.copytree(documents, copy)
    (copy / "README.md").write_text("Another text.")  # such as on a machine that is behind
    (copy / "how-it-works.md").unlink()
    here = await begin(tmp_path / "here", documents)
    there = await begin(tmp_path / "there", documents)

    await take(here, [DOCUMENTS], settings_for(documents))
    told_here = caplog.text.count(NOTE)
    caplog.clear()
    others = await take(there, [DOCUMENTS], settings_for(documents), settings_for(copy))

    count = len(list(read_ids(there.sources_path, SourceFile)))
    assert others is not None
    assert others.finished == {"documents": count - 2}
    assert others.unsettled == {"changed": 1, "unreadable": 1}
    assert comparable_files(there.run_dir) == comparable_files(here.run_dir)
    assert len(list(read_ids(there.rejected_path, Document))) == 1
    assert (told_here, caplog.text.count(NOTE)) == (1, 1)


async def test_files_reach_others_who_see_no_folder_and_documents_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents, store_dir = tmp_path / "documents", tmp_path / "store"
    write_files(documents)
    (documents / "deep" / "er").mkdir(parents=True)
    (documents / "deep" / "er" / "ünusual \\ name.txt").write_text("The forge burns charcoal.")
    (documents / "longer.txt").write_text("The vat of indigo rests for two days. " * 300)
    store_dir.mkdir()
    monkeypatch.setattr(read_elsewhere, "MOST_CARRIED_BYTES", LEAST_BYTES_ELSEWHERE)
    stages = [DOCUMENTS, BOILERPLATE, TWINS, SPLIT]
    here = await begin(tmp_path / "here", documents)
    there = await begin(tmp_path / "there", documents)
    settings, nowhere = settings_for(documents), settings_for(tmp_path / "nowhere")
    store = StoreOrder(url=f"file://{store_dir}")

    await take(here, stages, settings)
    others = await take(there, stages, settings, nowhere, store)
    same_documents = comparable_files(there.run_dir) == comparable_files(here.run_dir)
    for folder in (here, there):
        _add_large_twin(folder)
    await take(here, [CHUNKS], settings)
    cutting = await take(there, [CHUNKS], settings, nowhere, store)

    assert others is not None
    assert cutting is not None
    assert same_documents
    count = len(list(read_ids(there.sources_path, SourceFile)))
    assert others.finished == {"documents": count - 1}
    assert others.unsettled == {"not_carried": 1}  # the large page
    assert cutting.finished["chunks"] > 4
    assert comparable_files(there.run_dir) == comparable_files(here.run_dir)
    assert not any(store_dir.iterdir())


async def test_documents_that_others_cut_become_the_same_chunks(tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    write_documents(documents)
    settings = settings_for(documents)
    here = await begin(tmp_path / "here", documents)
    await take(here, [DOCUMENTS, BOILERPLATE, TWINS, SPLIT], settings)
    _add_large_twin(here)
    there = RunFolder(tmp_path / "there")
    shutil.copytree(here.run_dir, there.run_dir)

    await take(here, [CHUNKS], settings)
    others = await take(there, [CHUNKS], settings, settings)

    assert others is not None
    assert others.finished == {"chunks": 4}
    assert comparable_files(there.run_dir) == comparable_files(here.run_dir)
    assert here.results_path("chunks").stat().st_size > 0


def _add_large_twin(folder: RunFolder) -> None:
    """A document that makes the file large, and is left out, as its text stands elsewhere."""
    [first, *_] = sorted(read_ids(folder.results_path(DOCUMENTS.name), Document))
    large = Document(
        document_id="large",
        path="large.txt",
        format="text",
        size_bytes=LEAST_BYTES_ELSEWHERE,
        title="large",
        word_count=1,
        text="x" * LEAST_BYTES_ELSEWHERE,
    )
    twin = DocumentGroup(document_id="large", group_id=first, duplicate_of=first)
    for name, record in ((DOCUMENTS.name, large), (TWINS.name, twin)):
        with folder.results_path(name).open("ab") as file:
            file.write(encode_record(record) + b"\n")
