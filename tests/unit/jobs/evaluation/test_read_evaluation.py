from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.files.records import encode_record
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from jobs.evaluation.answer_samples import MODEL_ANSWERS
from jobs.evaluation.evaluated_models import answer_id, evaluated_models
from jobs.evaluation.questions.build_samples import SAMPLES
from jobs.evaluation.read_evaluation import (
    ADVICE,
    Evaluation,
    describe_problems,
    read_evaluation,
)
from jobs.evaluation.score_answers import SCORES
from jobs.settings.roles import judge_of
from schemas.dataset import Rejection
from schemas.evaluation import Mode, ModelAnswer, Role, Sample, Score
from schemas.finetuning import TuningEvent
from schemas.record import Record, content_id
from schemas.settings import RunSettings
from tests.unit.jobs.evaluation.made_run import MODEL_ANSWER, make_run, make_settings

SAMPLE = Sample(sample_id="s", slice="imported", question="Why?", context="Because.")


def make_answer(role: Role, model: str, settings: RunSettings, mode: Mode = "open") -> ModelAnswer:
    return MODEL_ANSWER.model_copy(
        update={
            "answer_id": answer_id("s", role, model, mode, settings),
            "role": role,
            "model": model,
            "mode": mode,
        }
    )


def make_score(answer: ModelAnswer, *, value: float | None, judge: str, version: str) -> Score:
    return Score(
        score_id=content_id(answer.answer_id, judge, version),
        answer_id=answer.answer_id,
        sample_id="s",
        role=answer.role,
        mode=answer.mode,
        metric="faithfulness",
        value=value,
        problem="",
        judge_model=judge,
        embedding_model="text-embedding-3-small",
        ragas_version=version,
    )


def write(folder: RunFolder, stage: str, records: Sequence[Record]) -> None:
    replace_file(folder.results_path(stage), map(encode_record, records))


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = make_run(tmp_path / "run", make_settings("evaluation.scorer=ragas"))
    write(folder, SAMPLES.name, [SAMPLE])
    return folder


def test_only_answers_of_the_models_and_parameters_that_are_set_are_current(
    folder: RunFolder,
) -> None:
    settings = make_settings("baseline.model=small", "evaluation.scorer=ragas")
    now = make_answer("baseline", "small", settings)
    closed = make_answer("baseline", "small", settings, "closed")
    former_model = make_answer("baseline", "smaller", settings)
    former_limit = make_answer(
        "teacher", "gpt-4.1-mini", make_settings("evaluation.answer_max_output_tokens=7")
    )
    write(folder, MODEL_ANSWERS.name, [former_model, now, former_limit, closed])

    assert read_evaluation(folder, settings).answers == [now, closed]
    assert read_evaluation(folder, make_settings("evaluation.scorer=ragas")).answers == []


def test_only_the_last_score_by_the_judge_that_is_set_is_current(folder: RunFolder) -> None:
    settings = make_settings("evaluation.scorer=ragas")
    answer = make_answer("teacher", "gpt-4.1-mini", settings)
    of_another = make_score(answer, value=0.1, judge="gpt-6-luna", version="0.4.3")
    old = make_score(answer, value=0.2, judge="gpt-4o-mini", version="0.4.2")
    new = make_score(answer, value=None, judge="gpt-4o-mini", version="0.4.3")
    write(folder, MODEL_ANSWERS.name, [answer])
    write(folder, SCORES.name, [of_another, old, new])

    assert read_evaluation(folder, settings).scores == [new]


def test_scores_of_answers_that_are_not_current_do_not_count(folder: RunFolder) -> None:
    answer = make_answer("teacher", "another", make_settings("evaluation.scorer=ragas"))
    score = make_score(answer, value=0.1, judge="gpt-4o-mini", version="0.4.3")
    write(folder, MODEL_ANSWERS.name, [answer])
    write(folder, SCORES.name, [score])

    assert read_evaluation(folder, make_settings("evaluation.scorer=ragas")).scores == []


def test_run_without_an_evaluation_has_an_empty_one(tmp_path: Path) -> None:
    found = read_evaluation(RunFolder(tmp_path), make_settings())

    assert found == Evaluation([], [], [])


def test_problems_of_what_is_current_are_counted_and_come_with_advice(folder: RunFolder) -> None:
    settings = make_settings("baseline.model=small", "evaluation.scorer=ragas")
    answer = make_answer("baseline", "small", settings)
    missing = make_answer("teacher", "gpt-4.1-mini", settings)
    score = make_score(answer, value=None, judge="gpt-4o-mini", version="0.4.3")
    write(folder, MODEL_ANSWERS.name, [answer])
    write(folder, SCORES.name, [score.model_copy(update={"problem": "judge: refused: no"})])
    rejections = [
        Rejection.of(
            missing.answer_id, stage=MODEL_ANSWERS.name, reason="too_long", detail="teacher"
        ),
        Rejection.of("of another evaluation", stage=MODEL_ANSWERS.name, reason="gone"),
    ]
    replace_file(folder.rejected_path, map(encode_record, rejections))

    lines = list(describe_problems(folder, settings, read_evaluation(folder, settings)))

    assert lines == [
        "1 not scored, faithfulness: judge: refused: no",
        "1 not answered: too_long: teacher",
        ADVICE,
    ]


def test_evaluation_without_problems_is_given_no_advice(folder: RunFolder) -> None:
    settings = make_settings("evaluation.scorer=ragas")

    assert not list(describe_problems(folder, settings, read_evaluation(folder, settings)))


def make_event(event_id: str, tuned_model: str) -> TuningEvent:
    return TuningEvent(
        event_id=event_id,
        job_name="j",
        step="ended",
        at="2026-11-25T00:00:00Z",
        trainer="openai",
        base_model="b",
        train_sha256="t",
        validation_sha256="v",
        tuned_model=tuned_model,
    )


def test_tuned_model_is_the_last_that_a_job_made_unless_one_is_set(folder: RunFolder) -> None:
    events = [make_event("1", "ft:1"), make_event("2", "ft:2"), make_event("3", "")]
    write(folder, "finetuning", events)

    assert evaluated_models(folder, make_settings("evaluation.scorer=ragas"))["tuned"] == "ft:2"
    named = make_settings("tuned.model=mine")
    assert evaluated_models(folder, named)["tuned"] == "mine"


def test_models_that_are_not_set_are_the_teachers(folder: RunFolder) -> None:
    settings = make_settings("evaluation.scorer=ragas")

    assert evaluated_models(folder, settings) == {
        "baseline": "gpt-4.1-mini",
        "teacher": "gpt-4.1-mini",
    }
    assert judge_of(make_settings('judge.model=""')).model == "gpt-4.1-mini"
    tuned = make_settings("student.model=student")
    assert evaluated_models(folder, tuned)["baseline"] == "student"
