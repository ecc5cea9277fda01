"""Runs that an earlier version left: this one goes on with them as that one did."""

import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.integration.old_runs.old_run import ROOT_DIR, Product, archive_names, go_on, unpack
from tests.integration.old_runs.run_files import comparable_files, settled_replies

STAGES = ("documents.jsonl", "split.jsonl", "chunks.jsonl", "*questions.jsonl", "answers.jsonl")
# What is taken away of a run that had ended, to be made again from its journal alone.
REMADE = {
    "finished": (*STAGES, "rejected.jsonl", "finished", "dataset"),
    "tuned": ("evaluation", "finished/evaluation"),
}


# One test a run, not one a claim: workers of a parallel session would each make the run anew.
@pytest.mark.parametrize("name", archive_names())
def test_run_of_an_earlier_version_goes_on_as_with_that_version(name: str, tmp_path: Path) -> None:
    old = unpack(name, tmp_path)
    settled = settled_replies(tmp_path / "given")

    went_on = go_on(tmp_path, old, Product(ROOT_DIR))

    wanted = settled_replies(tmp_path / "expected")
    said = "\n".join(end.said for end in went_on.ends)
    assert [end.exit_code for end in went_on.ends] == old.exit_codes, said
    assert "Traceback" not in said
    assert not {reply for reply in settled if settled[reply] + went_on.sent[reply] > wanted[reply]}
    assert went_on.served == old.served
    assert _shortened(went_on.seen, old.seen) == old.seen
    identity = _identity(tmp_path / "expected")
    assert _shortened(_identity(tmp_path / "given"), identity) == identity
    _assert_same_files(tmp_path)


@pytest.mark.parametrize("name", REMADE)
def test_results_are_made_again_from_the_journal_of_an_earlier_version(
    name: str, tmp_path: Path
) -> None:
    old = unpack(name, tmp_path)
    for pattern in REMADE[name]:
        for path in (tmp_path / "given" / "run").glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    went_on = go_on(tmp_path, old._replace(look=[]), Product(ROOT_DIR))

    said = "\n".join(end.said for end in went_on.ends)
    assert [end.exit_code for end in went_on.ends] == old.exit_codes, said
    assert went_on.served["calls"] == 0
    _assert_same_files(tmp_path)


def test_archives_are_there() -> None:
    assert len(archive_names()) == 17
    assert REMADE.keys() <= set(archive_names())


def _assert_same_files(folder: Path) -> None:
    made, wanted = comparable_files(folder / "given"), comparable_files(folder / "expected")
    assert sorted(made) == sorted(wanted)
    for name, rows in wanted.items():
        assert made[name] == rows, name


def _shortened(now: Any, then: Any) -> Any:
    """The values that were shown then; a later version may show more beside them."""
    match now, then:
        case dict(), dict():
            return {name: _shortened(now.get(name), then[name]) for name in then}
        case list(), list() if len(now) == len(then):
            return [_shortened(*pair) for pair in zip(now, then, strict=True)]
    return now


def _identity(folder: Path) -> dict[str, Any]:
    path = folder / "run" / "config.toml"
    if not path.exists():
        return {}
    run = tomllib.loads(path.read_text())["run"]
    return {name: run[name] for name in ("run_id", "prompts")}
