import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.documents.list_files import SourceFile, list_files
from jobs.documents.workers.reader_pool import ReaderPool
from jobs.processes.worker_process import WorkerStartError
from schemas.dataset import Rejection
from schemas.documents import Document
from schemas.settings import DocumentSettings
from tests.integration.jobs.documents.reading_folders import (
    environment_of,
    is_running,
    read_folder,
    texts,
    until,
    until_busy,
    worker_ids,
)
from tests.unit.jobs.documents.readers.made_files import make_pdf, prose_page

PROSE = "Many words stand on each page of this long book. " * 30
PATIENCE_S = 20


def _write(folder: Path, count: int) -> None:
    for number in range(count):
        (folder / f"{number:03}.txt").write_text(f"Text number {number}.")


def _sources(folder: Path) -> list[SourceFile]:
    return [found for found in list_files(folder) if isinstance(found, SourceFile)]


async def test_workers_are_used_again_and_end_with_the_pool(tmp_path: Path) -> None:
    _write(tmp_path, 40)
    seen: set[int] = set()

    async with ReaderPool(tmp_path, DocumentSettings(), worker_count=2) as pool:
        for source in _sources(tmp_path):
            assert isinstance(await pool.read(source), Document)
            seen.update(worker_ids())
        await asyncio.gather(*map(pool.read, _sources(tmp_path)))
        seen.update(worker_ids())

    assert len(seen) == 2
    assert worker_ids() == []


async def test_a_killed_worker_costs_its_file_and_no_other(tmp_path: Path) -> None:
    _write(tmp_path, 1)
    (tmp_path / "long.pdf").write_bytes(make_pdf([prose_page(PROSE)] * 5_000))
    short, long = _sources(tmp_path)

    async with ReaderPool(tmp_path, DocumentSettings(), worker_count=1) as pool:
        reading = asyncio.create_task(pool.read(long))
        await until(worker_ids)
        (process_id,) = worker_ids()
        await until_busy(process_id)
        os.kill(process_id, signal.SIGSEGV)
        killed = await reading
        read = await pool.read(short)

    assert isinstance(killed, Rejection)
    assert (killed.reason, killed.item_id) == ("reader_crashed", long.document_id)
    assert "long.pdf: its reader ended with signal SIGSEGV" in killed.detail
    assert isinstance(read, Document)


async def test_a_file_does_not_suffer_for_the_one_before(tmp_path: Path) -> None:
    _write(tmp_path, 1)
    (tmp_path / "long.pdf").write_bytes(make_pdf([prose_page(PROSE)] * 300))
    short, long = _sources(tmp_path)

    async with ReaderPool(tmp_path, DocumentSettings(), worker_count=1) as pool:
        await pool.read(short)
        (process_id,) = worker_ids()
        reading = asyncio.create_task(pool.read(long))
        await until_busy(process_id)
        os.kill(process_id, signal.SIGKILL)
        read = await reading

    assert isinstance(read, Document)


async def test_a_cancelled_read_leaves_no_process_and_no_stale_answer(tmp_path: Path) -> None:
    _write(tmp_path, 1)
    (tmp_path / "long.pdf").write_bytes(make_pdf([prose_page(PROSE)] * 5_000))
    short, long = _sources(tmp_path)

    async with ReaderPool(tmp_path, DocumentSettings(), worker_count=1) as pool:
        await pool.read(short)
        (process_id,) = worker_ids()
        reading = asyncio.create_task(pool.read(long))
        await until_busy(process_id)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        read = await pool.read(short)

    assert isinstance(read, Document)
    assert read.document_id == short.document_id
    assert not is_running(process_id)


async def test_interrupts_are_left_to_the_parent(tmp_path: Path) -> None:
    _write(tmp_path, 1)
    (source,) = _sources(tmp_path)

    async with ReaderPool(tmp_path, DocumentSettings(), worker_count=1) as pool:
        await pool.read(source)
        (process_id,) = worker_ids()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(process_id, number)
        read = await pool.read(source)

        assert worker_ids() == [process_id]
    assert isinstance(read, Document)


async def test_what_a_library_prints_is_not_taken_for_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/docutils.py").write_text("import os\nos.write(1, b'x' * 100)\nimport nothing")
    (tmp_path / "site/selectolax.py").write_text("print('y' * 1000, flush=True)\nraise OSError(5)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    folder = tmp_path / "documents"
    folder.mkdir()
    _write(folder, 2)
    (folder / "a.rst").write_text("text")
    (folder / "b.html").write_text("other text")

    results = await read_folder(folder, DocumentSettings(), worker_count=1)

    assert len(texts(results)) == 2
    assert [result.detail for result in results if isinstance(result, Rejection)] == [
        "a.rst: its reader failed (ModuleNotFoundError: No module named 'nothing'); "
        "the file may be damaged",
        "b.html: its reader failed (OSError: 5); the file may be damaged",
    ]


async def test_a_missing_extra_is_named_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/pypandoc.py").write_text("")  # another one, without the program
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.org").write_bytes(b"* Heading")

    (rejection,) = await read_folder(folder, DocumentSettings())

    assert isinstance(rejection, Rejection)
    assert rejection.reason == "missing_extra"
    assert rejection.detail == (
        "a.org: reading org needs an extra: pip install 'corpus-distill[pandoc]'"
    )


async def test_workers_are_given_no_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a secret")
    _write(tmp_path, 1)
    (source,) = _sources(tmp_path)

    async with ReaderPool(tmp_path, DocumentSettings(), worker_count=1) as pool:
        await pool.read(source)
        (process_id,) = worker_ids()
        environment = environment_of(process_id)

    assert b"secret" not in environment


async def test_a_worker_that_cannot_start_is_no_fault_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pydantic.py").write_text("raise ImportError('broken installation')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    _write(tmp_path, 1)
    (source,) = _sources(tmp_path)[:1]

    async with ReaderPool(tmp_path, DocumentSettings(), worker_count=1) as pool:
        with pytest.raises(WorkerStartError, match="ended as it started"):
            await pool.read(source)

    assert "broken installation" in capfd.readouterr().err
    assert worker_ids() == []


async def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    (tmp_path / "long.pdf").write_bytes(make_pdf([prose_page(PROSE)] * 5_000))
    with _start_reading(tmp_path) as parent:
        async with asyncio.timeout(PATIENCE_S):
            await until(lambda: worker_ids(parent.pid))
            (process_id,) = worker_ids(parent.pid)
            await until_busy(process_id)

            parent.kill()

            await until(lambda: not is_running(process_id))

    assert not is_running(process_id)


def _start_reading(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", _READ_FOLDER, folder])


_READ_FOLDER = """
import asyncio, sys
from pathlib import Path
from schemas.settings import DocumentSettings
from tests.integration.jobs.documents.reading_folders import read_folder
asyncio.run(read_folder(Path(sys.argv[1]), DocumentSettings()))
"""
