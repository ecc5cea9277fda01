import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.files.records import read_records
from engine.run_folder import RunFolder
from engine.testing.calls import failed
from engine.testing.stage_parts import FakeAsk
from jobs.dataset.judge.judge_rows import VERDICTS
from jobs.run.reset import reset_stages
from schemas.dataset import Rejection
from schemas.settings import RunSettings
from tests.unit.jobs.dataset.judge.judged_run import (
    judge_rows,
    judge_saying,
    make_answered_run,
    verdicts,
)
from tests.unit.jobs.evaluation.made_run import SUBJECTS, make_settings, question_about

SETTINGS = make_settings("judge.of_rows=true")
AGAINST: Sequence[tuple[Mapping[str, object], str]] = (
    ({"claims": [{"claim": "a", "sentence": 1}, {"claim": "b", "sentence": 0}]}, "unsupported"),
    ({"claims": [{"claim": "a", "sentence": 99}]}, "unsupported"),
    ({"complete": False}, "incomplete"),
    ({"answerable": False}, "unanswerable"),
    ({"stands_alone": False}, "leaning"),
    ({"points_at_text": True}, "leaning"),
    ({"kind_fits": False}, "other_kind"),
    ({"language_fits": False}, "other_language"),
    ({"useful": 2}, "useless"),
)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return make_answered_run(tmp_path / "run", SETTINGS)


def with_judge(**values: object) -> RunSettings:
    return SETTINGS.model_copy(update={"judge": SETTINGS.judge.model_copy(update=values)})


def reasons(folder: RunFolder) -> list[str]:
    return sorted(each.reason for each in read_records(folder.rejected_path, Rejection))


async def test_all_rows_stay_that_the_judge_has_nothing_against(folder: RunFolder) -> None:
    ask = judge_saying(lambda _: verdicts({}))

    rows = await judge_rows(folder, SETTINGS, ask)

    assert len(rows) == len(ask.requests) == 9
    assert {request.model for request in ask.requests} == {"gpt-4o-mini"}
    assert reasons(folder) == []


async def test_without_the_setting_nothing_is_asked(folder: RunFolder) -> None:
    ask = judge_saying(lambda _: verdicts({}))

    rows = await judge_rows(folder, make_settings(), ask)

    assert (len(rows), ask.requests) == (9, [])
    assert not folder.results_path("verdicts").exists()


async def test_what_the_judge_says_against_a_row_drops_it(tmp_path: Path) -> None:
    folder = make_answered_run(tmp_path / "run", SETTINGS, held_out=())
    against = dict(zip(map(question_about, SUBJECTS), AGAINST, strict=False))
    ask = judge_saying(
        lambda shown: verdicts(
            next((change for asked, (change, _) in against.items() if asked in shown), {})
        )
    )

    rows = await judge_rows(folder, SETTINGS, ask)

    ledger = read_records(folder.rejected_path, Rejection)
    dropped = sorted((each.text.splitlines()[0], each.reason) for each in ledger)
    assert dropped == sorted((asked, f"judged_{reason}") for asked, (_, reason) in against.items())
    assert len(rows) == len(SUBJECTS) - len(AGAINST) == 3


async def test_question_that_leans_is_reworded_once_and_judged_again(folder: RunFolder) -> None:
    better = "How heavy is the anvil of the workshop?"
    leaning = {"stands_alone": False, "reworded": better}
    ask = judge_saying(
        lambda shown: verdicts(leaning if "anvil" in shown and better not in shown else {})
    )

    rows = await judge_rows(folder, SETTINGS, ask)

    assert len(rows) == 9
    assert len(ask.requests) == 10
    assert sum(better in row["messages"][1]["content"] for row in rows) == 1


async def test_reworded_question_that_still_leans_is_dropped(folder: RunFolder) -> None:
    leaning = {"stands_alone": False, "reworded": "How heavy is it, the anvil?"}
    ask = judge_saying(lambda shown: verdicts(leaning if "anvil" in shown else {}))

    rows = await judge_rows(folder, SETTINGS, ask)

    assert (len(rows), len(ask.requests)) == (8, 10)
    assert reasons(folder) == ["judged_leaning"]


async def test_thresholds_are_applied_again_to_what_was_said(folder: RunFolder) -> None:
    half = {"claims": [{"claim": "a", "sentence": 1}, {"claim": "b", "sentence": 0}]}
    said: list[str] = []

    def reply(shown: str) -> str:
        said.append(shown)
        return verdicts(half if "anvil" in shown else {})

    strict = await judge_rows(folder, SETTINGS, judge_saying(reply))
    reset_stages(folder, (VERDICTS,))
    lenient = await judge_rows(folder, with_judge(min_supported=0.5), judge_saying(reply))

    assert (len(strict), len(lenient)) == (8, 9)
    assert said[:9] == said[9:]  # the same requests: a journal has their replies


async def test_pair_that_a_reply_leaves_out_is_asked_about_again_and_then_dropped(
    folder: RunFolder,
) -> None:
    ask = judge_saying(
        lambda shown: json.dumps({"verdicts": []}) if "saw" in shown else verdicts({})
    )

    rows = await judge_rows(folder, SETTINGS, ask)

    assert len(rows) == 8
    assert reasons(folder) == ["not_judged"]


async def test_request_that_fails_drops_its_rows_alone_with_its_code(folder: RunFolder) -> None:
    ask = FakeAsk(lambda request: failed(request, "refused"))

    assert await judge_rows(folder, SETTINGS, ask) == []
    assert set(reasons(folder)) == {"refused"}


async def test_another_judge_decides_anew(folder: RunFolder) -> None:
    harsh = judge_saying(lambda shown: verdicts({"useful": 1} if "loom" not in shown else {}))
    kind = judge_saying(lambda _: verdicts({}))

    await judge_rows(folder, SETTINGS, kind)
    rows = await judge_rows(folder, with_judge(model="gpt-4.1"), harsh)

    assert rows == []
    assert len(harsh.requests) == 9


async def test_small_teacher_is_not_its_own_judge(folder: RunFolder) -> None:
    teacher = SETTINGS.teacher.model_copy(update={"prompt_profile": "small"})
    settings = with_judge(model="").model_copy(update={"teacher": teacher})

    with pytest.raises(ConfigError, match=r"found no judge\.model"):
        await judge_rows(folder, settings, FakeAsk())
