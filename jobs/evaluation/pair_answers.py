"""Has the judge say which of two answers to a question is better: blind, and in both orders."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager

from engine.ask import Ask
from engine.files.records import read_records
from engine.stage import StageFiles
from jobs.evaluation.answer_samples import MODEL_ANSWERS, contest_answers
from jobs.evaluation.judging.judge import PURPOSE, Judge, JudgePolicy, UnscoredError
from jobs.evaluation.judging.judge_prompts import ask_for_preference, prompt_hash
from jobs.evaluation.judging.shapes import Better, Preference
from jobs.evaluation.questions.build_samples import SAMPLES
from jobs.evaluation.score_answers import judge_policy
from jobs.run.stages import Items, ItemWork, Stage, StageContext
from jobs.settings.roles import judge_of
from schemas.evaluation import Contest, ModelAnswer, PairOutcome, PairVerdict, Role, Sample
from schemas.record import Record, content_id
from schemas.settings import RunSettings

STAGE = "evaluation/pairs"
RIVALS: tuple[tuple[Role, Role], ...] = (("tuned", "baseline"), ("tuned", "teacher"))
WITHOUT_TUNED: tuple[tuple[Role, Role], ...] = (("teacher", "baseline"),)


class PairTask(Record):
    """Two answers to one question."""

    pair_id: str
    sample: Sample
    one: ModelAnswer
    other: ModelAnswer


def pair_tasks(
    samples: Sequence[Sample], answers: Sequence[ModelAnswer], settings: RunSettings
) -> Iterator[PairTask]:
    """The student beside baseline and teacher, on every answerable question that both answered.

    Without a student the teacher beside the baseline.
    """
    given = {(answer.sample_id, answer.role): answer for answer in answers}
    rivals = RIVALS if any(answer.role == "tuned" for answer in answers) else WITHOUT_TUNED
    for sample in samples:
        for role, versus in rivals:
            one, other = given.get((sample.sample_id, role)), given.get((sample.sample_id, versus))
            if one is not None and other is not None and sample.slice != "unanswerable":
                pair_id = _pair_id(sample, one, other, settings)
                yield PairTask(pair_id=pair_id, sample=sample, one=one, other=other)


async def judge_pair(task: PairTask, ask: Ask, policy: JudgePolicy) -> list[PairVerdict]:
    """1 task in, 1 verdict out; where there is none it says why. Raises what `ask` raises.

    Both orders are asked for, in the same batch round. Which of them comes first is drawn by the
    pair's id. Answers that are the same text are a tie, without a request.
    """
    one, other = task.one.text, task.other.text
    outcome: PairOutcome | None = "tie"
    reasons: tuple[str, ...] = ()
    is_consistent, problem = True, ""
    if one != other:
        try:
            said = await _both_orders(task, ask, policy)
        except UnscoredError as error:
            outcome, problem = None, str(error)
        else:
            outcomes = [_OUTCOMES[said[0].better], _MIRRORED[said[1].better]]
            is_consistent = outcomes[0] == outcomes[1]
            outcome = outcomes[0] if is_consistent else "tie"
            reasons = tuple(each.reason for each in said)
    return [
        PairVerdict(
            pair_id=task.pair_id,
            sample_id=task.sample.sample_id,
            mode=task.one.mode,
            role=task.one.role,
            versus=task.other.role,
            answer_id=task.one.answer_id,
            versus_answer_id=task.other.answer_id,
            outcome=outcome,
            is_consistent=is_consistent,
            reasons=reasons,
            problem=problem,
            judge_model=policy.model,
            prompt_hash=prompt_hash("pair"),
        )
    ]


_OUTCOMES: Mapping[Better, PairOutcome] = {"first": "win", "second": "loss", "tie": "tie"}
_MIRRORED: Mapping[Better, PairOutcome] = {"first": "loss", "second": "win", "tie": "tie"}


async def _both_orders(task: PairTask, ask: Ask, policy: JudgePolicy) -> list[Preference]:
    """What the judge says with `one` first, and with `other` first."""
    judge = Judge(task.pair_id, ask=ask, policy=policy)
    one, other = task.one.text, task.other.text
    orders = [(one, other), (other, one)]
    is_turned = int(task.pair_id[-1], 16) % 2 == 1
    asked = orders[::-1] if is_turned else orders
    said = await judge.say_all(
        [ask_for_preference(task.sample, *order) for order in asked], Preference
    )
    return said[::-1] if is_turned else said


def _pair_id(sample: Sample, one: ModelAnswer, other: ModelAnswer, settings: RunSettings) -> str:
    chosen = settings.evaluation
    return content_id(
        "pair",
        *(one.answer_id, one.text, other.answer_id, other.text),
        *(sample.title, sample.reference),
        judge_of(settings).model,
        *(chosen.judge_output, chosen.judge_max_output_tokens, chosen.temperature),
        prompt_hash("pair"),
    )


def _list_tasks(context: StageContext[Contest], files: StageFiles[PairVerdict]) -> Items[PairTask]:
    samples = list(read_records(context.folder.results_path(SAMPLES.name), Sample))
    tasks = list(pair_tasks(samples, contest_answers(context), context.settings))
    unfinished = [task for task in tasks if files.is_unfinished(task.pair_id)]
    return Items(unfinished, len(tasks), len(tasks) - len(unfinished))


@asynccontextmanager
async def _open_policy(
    context: StageContext[Contest], _: StageFiles[PairVerdict]
) -> AsyncIterator[JudgePolicy]:
    yield judge_policy(context.settings)


def _has_no_verdict(verdict: PairVerdict) -> bool:
    return verdict.outcome is None


PAIRS: Stage[Contest] = Stage(
    name=STAGE,
    label="pairs of answers",
    result=PairVerdict,
    reads=(SAMPLES.name, MODEL_ANSWERS.name),
    work=ItemWork(items=_list_tasks, needs=_open_policy, work=judge_pair),
    purposes=(PURPOSE,),
    keeps_former_results=True,
    is_failed_result=_has_no_verdict,
    is_wanted=lambda settings: settings.evaluation.pairwise,
)
