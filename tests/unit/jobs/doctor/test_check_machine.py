"""What the doctor says of this machine."""

import resource
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from engine.wire.prices import PRICES_AS_OF
from jobs.doctor.check_machine import check_machine, check_price_list
from jobs.findings import Finding, describe_findings, is_all_well
from schemas.settings import RunSettings
from tests.unit.jobs.evaluation.made_run import make_settings

SETTINGS = make_settings()


def finding(about: str, settings: RunSettings = SETTINGS) -> Finding:
    found = check_machine(settings, Path())
    return next(each for each in found if each.about == about)


def test_full_disk_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=5_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    assert finding("disk").verdict == "not ok"


def test_too_few_open_files_are_wrong_with_the_number_to_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, 100))

    found = finding("open files")

    assert found.verdict == "not ok"
    assert "raise it to 160" in found.text


def test_missing_extra_is_worth_a_note_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.doctor.check_machine.find_spec", lambda name: name != "bm25s" or None)

    found = finding("extras")

    assert found.verdict == "note"
    assert "evaluation (distill evaluate)" in found.text
    assert "[evaluation]" in found.text


def test_old_prices_are_worth_a_note() -> None:
    models = ["gpt-4.1-mini"]

    new = list(check_price_list(SETTINGS, models, PRICES_AS_OF + timedelta(days=3)))
    old = list(check_price_list(SETTINGS, models, PRICES_AS_OF + timedelta(days=120)))

    assert [each.verdict for each in new] == ["ok"]
    assert [each.verdict for each in old] == ["note"]


def test_findings_are_a_line_each() -> None:
    findings = [Finding("disk", "ok", "fine"), Finding("key", "not ok", "missing: set it")]

    assert describe_findings(findings) == "ok      disk  fine\nnot ok  key   missing: set it"
    assert not is_all_well(findings)
    assert is_all_well(findings[:1])
