"""The project's own labels: what the free filters and a judge reach on them."""

from copy import deepcopy
from pathlib import Path

import pytest

from engine.errors import ConfigError
from jobs.dataset.judge.labelled_texts import read_labelled_texts
from jobs.dataset.judge.measure_judges import (
    JudgedText,
    agreement,
    caught_by_fault,
    decide_by_judge,
    decide_freely,
    describe,
    right_by_reason,
)
from schemas.labels import Agreement
from schemas.settings import RunSettings
from tests.unit.jobs.dataset.judge.scripted_judge import ScriptedJudge

LABELS = Path(__file__).parents[4] / "fixtures" / "labels" / "judged.jsonl"
TEXTS = read_labelled_texts(LABELS)
PROBES = read_labelled_texts(LABELS.with_name("probes.jsonl"))
FRESH = read_labelled_texts(LABELS.with_name("fresh.jsonl"))
SWAPPED = read_labelled_texts(LABELS.with_name("swapped.jsonl"))


@pytest.fixture(scope="module")
def free() -> list[list[JudgedText]]:
    """What the free filters decide of each text."""
    return [decide_freely(text, RunSettings()) for text in TEXTS]


@pytest.fixture
def decided(free: list[list[JudgedText]]) -> list[JudgedText]:
    return [each for decisions in free for each in decisions]


def test_labels_are_a_hundred_of_each_in_three_languages() -> None:
    assert sum(len(text.questions) for text in TEXTS) >= 100
    assert sum(len(text.answers) for text in TEXTS) >= 100
    assert {text.language for text in TEXTS} == {"en", "de", "fr"}


@pytest.mark.parametrize("what", ["questions", "answers"])
def test_free_filters_catch_most_and_lose_little(what: str, decided: list[JudgedText]) -> None:
    found = agreement([each for each in decided if each.what == what], "free")

    assert found.recall >= 0.6
    assert found.precision >= 0.95


@pytest.mark.parametrize("what", ["questions", "answers"])
@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_no_language_is_left_out(what: str, language: str, decided: list[JudgedText]) -> None:
    chosen = [each for each in decided if (each.what, each.language) == (what, language)]

    assert agreement(chosen, "free").recall >= 0.5


@pytest.fixture(scope="module")
def probed() -> list[JudgedText]:
    """What the free filters decide of texts made to fool them, in seven languages."""
    return [each for text in PROBES for each in decide_freely(text, RunSettings())]


def test_probes_are_a_hundred_bad_ones_of_each_and_good_ones_that_look_bad() -> None:
    questions = [each for text in PROBES for each in text.questions]
    answers = [each for text in PROBES for each in text.answers]

    assert sum(not each.is_good for each in questions) >= 100
    assert sum(not each.is_good for each in answers) >= 100
    good = [each for each in questions if each.is_good]
    assert len(good) + sum(each.is_good for each in answers) >= 90
    assert {text.language for text in PROBES} == {"en", "de", "fr", "es", "it", "ja", "zh"}


@pytest.mark.parametrize("what", ["questions", "answers"])
@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "ja", "zh"])
def test_probes_are_seen_through_in_every_language(
    what: str, language: str, probed: list[JudgedText]
) -> None:
    found = agreement([d for d in probed if (d.what, d.language) == (what, language)], "free")

    assert found.recall >= 0.8
    assert found.precision >= 0.95


def test_values_of_something_else_are_told_from_right_ones() -> None:
    decided = [each for text in SWAPPED for each in decide_freely(text, RunSettings())]

    caught, swapped_count = caught_by_fault(decided, "free")["swapped"]
    right, dropped_count = right_by_reason(decided, "free")["value_of_another"]
    assert caught / swapped_count >= 0.75
    assert right / dropped_count >= 0.95
    assert agreement(decided, "free").precision >= 0.95


def test_probes_written_before_a_look_at_the_rules_lose_few_good_ones() -> None:
    decided = [each for text in FRESH for each in decide_freely(text, RunSettings())]
    asked = agreement([each for each in decided if each.what == "questions"], "free")
    answered = agreement([each for each in decided if each.what == "answers"], "free")

    assert len(decided) >= 60
    assert {text.language for text in FRESH} == {"en", "de", "fr", "es", "it", "ja", "zh"}
    assert (asked.lost, asked.recall) == (0, 0.5)  # what no text answers is left to a judge
    assert answered.precision >= 0.9
    assert answered.recall >= 0.65


def test_letter_by_letter_everything_made_up_is_caught(decided: list[JudgedText]) -> None:
    caught = caught_by_fault([each for each in decided if each.what == "answers"], "free")

    for fault in ("number", "unit", "code", "quote", "name"):
        assert caught[fault][0] == caught[fault][1]


async def test_judge_in_the_terms_of_people_catches_nearly_all(
    free: list[list[JudgedText]],
) -> None:
    ask = ScriptedJudge(TEXTS)

    for text, decisions in zip(TEXTS, deepcopy(free), strict=True):
        reasons = await decide_by_judge(text, "judge-1", ask, RunSettings().judge)
        for decision, reason in zip(decisions, reasons, strict=True):
            decision.reasons["judge"] = reason
        for what in ("questions", "answers"):
            chosen = [each for each in decisions if each.what == what]
            assert agreement(chosen, "both").recall >= 0.9
            assert agreement(chosen, "judge").lost == 0
    assert len(ask.requests) == 2 * len(TEXTS)


def test_tables_name_every_fault_and_reason(decided: list[JudgedText]) -> None:
    text = "\n".join(describe(decided, ["free"]))

    assert {each.why for each in decided if each.why} <= set(text.split())
    assert right_by_reason(decided, "free").keys() <= set(text.split())


def test_agreement_is_as_in_the_books() -> None:
    found = Agreement(caught=20, missed=10, lost=5, kept=15)

    assert (found.precision, round(found.recall, 4), round(found.kappa, 4)) == (0.8, 0.6667, 0.4)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "found no line"),
        ("{}", "1: not a text with labels"),
        (
            '{"label_id": "a", "language": "en", "title": "T", "text": "One. Two.", "questions": '
            '[{"text": "Q?", "kind": "why", "evidence": [7], "is_good": true}]}',
            "evidence names sentence 7, the text has 2",
        ),
    ],
)
def test_file_that_is_no_labels_says_where_and_why(content: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(content)

    with pytest.raises(ConfigError, match=says):
        read_labelled_texts(path)
