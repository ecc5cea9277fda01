"""A command finds the store of its run, and leaves all in it that it wrote."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import ConfigError, FatalError, OutageError, RunInUseError
from engine.run_folder import RunFolder
from engine.stopping import Stopping
from engine.wire.endpoints import Endpoint
from jobs.run.run_engine import open_run_engine
from jobs.send.sharded.outside.stores import FolderStore
from jobs.stored.note import read_store_note, write_store_note
from jobs.stored.open import stored_run
from jobs.stored.part_log import PartLog
from schemas.settings import RunSettings
from tests.unit.jobs.stored.stored_folder import append, make_folder


class Place:
    """A folder, and a store for it."""

    def __init__(self, tmp_path: Path) -> None:
        (tmp_path / "store").mkdir()
        self.url = (tmp_path / "store").as_uri()
        self.log = PartLog(FolderStore(tmp_path / "store"))
        self.folder = make_folder(tmp_path / "run")

    def is_closed(self) -> bool:
        return [part.note.is_closed for _, part in self.log.parts()][-1]


def use(folder: RunFolder, url: str | None, work: Callable[[], object] = lambda: None) -> None:
    """What a command does with the store."""
    with stored_run(folder, url, {}):
        work()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_run_without_a_store_is_left_alone(place: Place) -> None:
    with stored_run(place.folder, None, {}) as stored:
        assert stored is None

    assert place.log.last() == 0


def test_store_is_remembered_and_has_all_at_the_end(place: Place) -> None:
    with stored_run(place.folder, place.url, {}) as stored:
        assert stored is not None
        stored.open_lender(1.0, Stopping())
        append(place.folder.journal_path, b"{}\n")
    first = place.log.last()
    with stored_run(place.folder, None, {}):
        append(place.folder.journal_path, b"{}\n")

    note = read_store_note(place.folder.store_path)
    assert note is not None
    assert note.url == place.url
    assert place.is_closed()
    assert first < place.log.last() == note.number
    assert note.files["journal.jsonl"].size_bytes == place.folder.journal_path.stat().st_size


def test_error_of_the_command_is_the_one_that_is_told_and_what_it_wrote_is_stored(
    place: Place,
) -> None:

    def write_and_fail() -> None:
        append(place.folder.journal_path, b"{}\n")
        raise FatalError("no key")

    with pytest.raises(FatalError, match="no key"):
        use(place.folder, place.url, write_and_fail)

    assert place.is_closed()


def test_second_command_in_the_folder_is_refused_and_the_first_goes_on(place: Place) -> None:
    with stored_run(place.folder, place.url, {}):
        with pytest.raises(RunInUseError, match="in use by process"):
            use(place.folder, None)
        append(place.folder.journal_path, b"{}\n")

    assert place.is_closed()


def test_copy_another_store_and_a_store_that_has_a_run_are_refused(
    place: Place, tmp_path: Path
) -> None:
    use(place.folder, place.url)
    last = place.log.last()
    (tmp_path / "another").mkdir()
    other = make_folder(tmp_path / "other")
    note = read_store_note(place.folder.store_path)
    assert note is not None

    with pytest.raises(ConfigError, match="holds a run already"):
        use(other, place.url)
    with pytest.raises(ConfigError, match="is kept at file:"):
        use(place.folder, (tmp_path / "another").as_uri())
    write_store_note(place.folder.store_path, note.model_copy(update={"writer": ""}))
    with pytest.raises(ConfigError, match="is a copy of the run"):
        use(place.folder, None)

    assert place.log.last() == last
    assert read_store_note(other.store_path) is None


def test_store_that_is_gone_or_no_address_is_told_before_the_block(
    place: Place, tmp_path: Path
) -> None:
    for url, words in (
        ((tmp_path / "nowhere").as_uri(), "--store file:.*there is no such folder"),
        ("ftp://host", "--store: found 'ftp://host'"),
    ):
        with pytest.raises(ConfigError, match=words):
            use(place.folder, url)

    assert read_store_note(place.folder.store_path) is None


def test_store_that_goes_away_at_the_end_is_told_and_the_next_command_stores_the_rest(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.stored.open.FINISH_S", 0.0)
    monkeypatch.setattr("jobs.stored.open.RETRY_S", 0.0)
    parts = tmp_path / "store" / "parts"

    def write_and_lose_the_store() -> None:
        append(place.folder.journal_path, b"{}\n")
        parts.rename(tmp_path / "away")
        parts.write_bytes(b"in the way")

    with pytest.raises(OutageError, match="could not be stored"):
        use(place.folder, place.url, write_and_lose_the_store)
    parts.unlink()
    (tmp_path / "away").rename(parts)

    use(place.folder, None)

    note = read_store_note(place.folder.store_path)
    assert note is not None
    assert note.files["journal.jsonl"].size_bytes == place.folder.journal_path.stat().st_size


async def test_command_that_seals_nothing_buys_nothing_for_a_stored_run(place: Place) -> None:
    use(place.folder, place.url)
    settings = RunSettings.model_validate({"teacher": {"model": "gpt-6.1-terra"}})
    endpoint = Endpoint("http://127.0.0.1:9", "a-key")

    with pytest.raises(ConfigError, match=r"is kept in a store \(store\.json\)"):
        async with open_run_engine(place.folder, settings, [endpoint], Stopping()):
            pass
