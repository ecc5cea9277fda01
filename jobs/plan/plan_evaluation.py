"""What an evaluation will still ask: how many, by what its answered questions took, or at most."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from engine.files.records import encode_record, read_ids, read_records, record_id
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.wire.prices import Price, counted_sends, make_price
from engine.wire.tokens import count_tokens
from jobs.dataset.judge.ask_judge import PROMPTS as JUDGE_PROMPTS
from jobs.dataset.pairs.pair_ids import text_ids
from jobs.dataset.rows.chat_rows import row_prompt
from jobs.documents.chunk_documents import CHUNKS
from jobs.evaluation.answer_samples import MODEL_ANSWERS
from jobs.evaluation.evaluated_models import evaluated_models
from jobs.evaluation.judging.metrics import EMBEDDED, PROMPTS, QUESTIONS_PER_ANSWER
from jobs.evaluation.pair_answers import PAIRS, RIVALS, WITHOUT_TUNED
from jobs.evaluation.questions.build_samples import SAMPLES, judges_texts
from jobs.evaluation.questions.new_questions import NEW_QUESTIONS
from jobs.evaluation.score_answers import SCORES
from jobs.evaluation.stages import EVALUATION, JUDGING
from jobs.plan.evaluation_sizes import Sizes, count_rows
from jobs.plan.most import PerItem, most_of
from jobs.plan.project import NOTHING, Point, project
from jobs.plan.replay import AskedByKey, AskedSoFar, Replay
from jobs.prompts import read_prompt
from jobs.run.reset import reset_stages
from jobs.run.stages import StageContext, Stages
from jobs.settings.roles import (
    ROLE_NAMES,
    embeddings_of,
    is_served_here,
    judge_of,
    own_address,
)
from schemas.dataset import HeldOutQuestion
from schemas.documents import Chunk
from schemas.evaluation import ALWAYS, BY_REFERENCE, REFUSAL, Contest, Metric
from schemas.plan import Amount, StagePlan
from schemas.record import Record
from schemas.settings import RunSettings

ENOUGH_ITEMS = 5  # of a kind, before anything is counted on from them
ASKS_LIKE = {"refusal": "answer_relevancy"}  # which also asks for vectors, at next to no cost


async def plan_evaluation(
    replay: Replay,
    folder: RunFolder,
    contest: Contest,
    sizes: Sizes,
    price: Price,
    *,
    is_complete: bool,
    stages: Stages[Contest] = EVALUATION,
) -> list[StagePlan]:
    """What each of these stages will still ask; what has begun is worked through in the copy.

    `is_complete`: the dataset is, so that no further questions are to come.

    Raises:
        ConfigError: there is nothing to evaluate with.
        EngineError: a file is damaged, or a stop was requested.
    """
    names = {stage.name for stage in stages}
    kinds = [
        kind for kind in _kinds(contest, sizes, replay.context.settings) if kind.stage in names
    ]
    can_begin = sizes.answerable > 0 and (folder.dataset_dir / "held_out.jsonl").exists()
    asked = await _ask(replay, folder, contest, stages) if can_begin else {}
    plans, is_known = [], is_complete  # how many items there are, as all before it is done
    for stage in dict.fromkeys(kind.stage for kind in kinds):
        own = asked.get(stage)
        is_known = is_known and own is not None
        found = [
            _Found.of(kind, own or {}, is_known=is_known) for kind in kinds if kind.stage == stage
        ]
        plans.append(_plan_stage(stage, found, price))
        is_left = any(each.left_count for each in found)
        is_known = is_known and (not is_left or stage == SCORES.name)  # pairs need no score
    return plans


class _Kind(NamedTuple):
    """Items of a stage that ask alike: how many there are in all, and the most that one asks."""

    stage: str
    key: str
    item_count: int
    most: Sequence[PerItem]


def _kinds(contest: Contest, sizes: Sizes, settings: RunSettings) -> Iterator[_Kind]:
    models, sends = contest.models, sum(counted_sends(settings.limits))
    chosen = settings.evaluation
    if contest.questions is None:
        questions = settings.questions
        limit = questions.max_output_tokens * sends
        prompt = sizes.context_tokens + _tokens("write_questions.md", "write_questions_user.md")
        written = PerItem(1, prompt, limit, settings.teacher.model)
        yield _Kind(NEW_QUESTIONS.name, "", sizes.new, [written])
    unanswerable = 0 if contest.mode == "closed" else sizes.unanswerable
    if contest.questions is None and judges_texts(settings, contest):
        shown = sizes.context_tokens + _tokens(*JUDGE_PROMPTS)
        most = [
            PerItem(1, shown, settings.judge.max_output_tokens * sends, judge_of(settings).model)
        ]
        yield _Kind(SAMPLES.name, "", unanswerable, most)
    limit = chosen.answer_max_output_tokens * sends
    prompt = sizes.context_tokens + _tokens(
        row_prompt(settings.dataset, closed_book=contest.mode == "closed")
    )
    for role, model in models.items():
        count = sizes.answerable + unanswerable
        yield _Kind(MODEL_ANSWERS.name, role, count, [PerItem(1, prompt, limit, model)])
    questions_by_metric: dict[Metric, int] = dict.fromkeys(ALWAYS, sizes.answerable)
    if chosen.scorer == "builtin":
        references = sizes.held_out if settings.answers.held_out else 0
        questions_by_metric |= {**dict.fromkeys(BY_REFERENCE, references), REFUSAL: unanswerable}
    for metric, count in questions_by_metric.items():
        most = list(_score(metric, sizes, settings))
        yield _Kind(SCORES.name, metric, count * len(models), most)
    if chosen.pairwise:
        pairs = RIVALS if "tuned" in models else WITHOUT_TUNED
        rivals = sum(one in models and other in models for one, other in pairs)
        shown = (
            sizes.context_tokens + 3 * chosen.answer_max_output_tokens + _tokens("judge/pair.md")
        )
        judged = PerItem(2, shown, _judge_limit(settings), judge_of(settings).model)
        yield _Kind(PAIRS.name, "", sizes.answerable * rivals, [judged])


def _score(metric: Metric, sizes: Sizes, settings: RunSettings) -> Iterator[PerItem]:
    """The most that a score asks: texts, answers and references at their longest."""
    answer, limit = settings.evaluation.answer_max_output_tokens, _judge_limit(settings)
    prompts = PROMPTS.get(metric, ())
    if prompts:
        calls = QUESTIONS_PER_ANSWER if "question" in prompts else len(prompts)
        shown = max(_tokens(f"judge/{name}.md") for name in prompts)
        said = settings.evaluation.judge_max_output_tokens if metric == "faithfulness" else 0
        prompt = sizes.context_tokens + 2 * answer + shown + said
        yield PerItem(calls, prompt, limit, judge_of(settings).model)
    if metric in EMBEDDED:
        calls = 2 if metric == "answer_relevancy" else 1
        yield PerItem(calls, 2 * answer, 0, embeddings_of(settings).model)


def _judge_limit(settings: RunSettings) -> int:
    return settings.evaluation.judge_max_output_tokens * sum(counted_sends(settings.limits))


def _tokens(*prompts: str) -> int:
    return sum(count_tokens(read_prompt(name)) for name in prompts)


async def _ask(
    replay: Replay, folder: RunFolder, contest: Contest, stages: Stages[Contest]
) -> dict[str, AskedByKey]:
    """What the evaluation has asked so far, by stage and item."""
    given = replay.context
    copy = given.folder
    for name in ("dataset", "evaluation", "finished/evaluation"):
        shutil.copytree(folder.run_dir / name, copy.run_dir / name, dirs_exist_ok=True)
    _leave_out_gone(copy)
    if given.settings.evaluation.scorer != "builtin":  # ragas takes seconds to import
        stages = tuple(stage for stage in stages if stage not in JUDGING)
    reset_stages(copy, stages)
    context = StageContext(
        folder=copy,
        settings=given.settings,
        ask=given.ask,
        journal=given.journal,
        stopping=given.stopping,
        order=contest,
    )
    asked: dict[str, AskedByKey] = {}
    for stage in stages:
        asked[stage.name] = await replay.ask(stage, context, _item_of)
        if stage is NEW_QUESTIONS and not count_rows(copy)[0]:
            break  # without held-out questions there may be no sample yet
    return asked


def _leave_out_gone(copy: RunFolder) -> None:
    """Of a copied dataset, the held-out questions about chunks that changes have replaced."""
    chunk_ids = frozenset(read_ids(copy.results_path(CHUNKS.name), Chunk))
    path = copy.dataset_dir / "held_out.jsonl"
    kept = [
        each
        for each in read_records(path, HeldOutQuestion)
        if chunk_ids.issuperset(filter(None, text_ids(each)))
    ]
    replace_file(path, map(encode_record, kept))


def _item_of(item: Record) -> str:
    kind: str = getattr(item, "metric", "") or getattr(item, "role", "")
    return f"{kind} {record_id(item)}"


class _Found(NamedTuple):
    """The items of a kind: what settled ones took, and how many are left."""

    kind: _Kind
    settled: Sequence[AskedSoFar]
    left_count: int

    @classmethod
    def of(cls, kind: _Kind, asked: AskedByKey, *, is_known: bool) -> "_Found":
        """`is_known`: there are no others than those that were seen."""
        seen, settled = _of_kind(kind.key, asked)
        left_count = (seen if is_known else max(kind.item_count, seen)) - len(settled)
        if len(settled) < ENOUGH_ITEMS and kind.key in ASKS_LIKE:
            _, settled = _of_kind(ASKS_LIKE[kind.key], asked)
        return cls(kind, settled, left_count)


def _of_kind(key: str, asked: AskedByKey) -> tuple[int, Sequence[AskedSoFar]]:
    seen = [each for name, each in asked.items() if name.startswith(f"{key} ")]
    return len(seen), [each for each in seen if not each.is_left]


def _plan_stage(stage: str, found: Sequence[_Found], price: Price) -> StagePlan:
    """Kind by kind: those that are settled tell of the others, or the most is told."""
    left = [each for each in found if each.left_count]
    if any(len(each.settled) < ENOUGH_ITEMS for each in left):
        return most_of(
            stage,
            [
                most._replace(requests=most.requests * each.left_count)
                for each in left
                for most in each.kind.most
            ],
            price,
        )

    def amount_of(read: Callable[[AskedSoFar], float]) -> Amount:
        total = NOTHING
        for each in left:
            points = [Point(0.0, read(asked)) for asked in each.settled]
            total = total.plus(project(points, [0.0] * each.left_count))
        return total.amount()

    is_priced = all(asked.usd is not None for each in left for asked in each.settled)
    return StagePlan(
        stage=stage,
        requests=amount_of(lambda asked: asked.requests),
        prompt_tokens=amount_of(lambda asked: asked.prompt_tokens),
        completion_tokens=amount_of(lambda asked: asked.completion_tokens),
        usd=amount_of(lambda asked: asked.usd or 0.0) if is_priced else None,
    )


def plan_price(settings: RunSettings, contest: Contest) -> Price:
    """What all that is planned costs at live prices; what runs on this machine costs nothing."""
    own = [role for role in ROLE_NAMES if own_address(settings, role) is not None]
    served = [
        role for role in contest.models if role != "teacher" and is_served_here(settings, role)
    ]
    return make_price(
        settings.prices,
        is_free=settings.teacher.is_local and not own,
        free_models=frozenset(contest.models[role] for role in served),
    )


def contest_of(folder: RunFolder, settings: RunSettings) -> Contest:
    """An evaluation of all models that there are, on the run's own questions."""
    return Contest(evaluated_models(folder, settings), "open", None)


def with_student(contest: Contest, settings: RunSettings) -> Contest:
    """The contest once a student was tuned: its model answers too."""
    tuned = contest.models.get("tuned") or settings.student.model or contest.models["baseline"]
    return contest._replace(models={**contest.models, "tuned": tuned})
