"""Has a model answer a sample, by the same messages that training rows begin with."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from engine.ask import Ask
from engine.errors import TRUNCATED
from engine.files.records import read_records
from engine.servers import OWN_SERVER
from engine.stage import StageFiles
from engine.wire.replies.content import reply_text
from engine.wire.tokens import MESSAGE_OVERHEAD_TOKENS, count_tokens
from jobs.dataset.profiles import PROFILES
from jobs.dataset.rows.chat_rows import ROW_PROMPTS, Excerpt, student_prompt
from jobs.evaluation.evaluated_models import (
    answer_id,
    answering_parameters,
    answering_server,
)
from jobs.evaluation.questions.build_samples import SAMPLES
from jobs.run.stages import Items, ItemWork, Stage, StageContext, only_settings
from jobs.text.wording.english_phrases import NON_ANSWER
from schemas.dataset import Rejection
from schemas.evaluation import Contest, Mode, ModelAnswer, Role, Sample
from schemas.outcomes import Completed, Failed, Outcome
from schemas.record import Record
from schemas.requests import CHAT_COMPLETIONS, Json, Manner, Request, make_request
from schemas.settings import RunSettings

STAGE = "evaluation/answers"
PURPOSE = "evaluation_answers"


class AnswerTask(Record):
    """A sample that a model is to answer."""

    answer_id: str
    sample: Sample
    role: Role
    model: str
    mode: Mode
    server: str = OWN_SERVER


def answer_tasks(
    samples: Iterable[Sample], models: Mapping[Role, str], mode: Mode, settings: RunSettings
) -> Iterator[AnswerTask]:
    """Every sample for every role; in closed mode none that an excerpt would make unanswerable."""
    servers = {role: answering_server(settings, role) for role in models}
    for sample in samples:
        if mode == "closed" and sample.slice == "unanswerable":
            continue
        for role, model in models.items():
            yield AnswerTask(
                answer_id=answer_id(sample.sample_id, role, model, mode, settings),
                sample=sample,
                role=role,
                model=model,
                mode=mode,
                server=servers[role],
            )


async def answer_sample(
    task: AnswerTask, ask: Ask, settings: RunSettings
) -> list[ModelAnswer | Rejection]:
    """1 task in, 1 answer or 1 rejection out. Raises what `ask` raises."""
    outcome = await ask(_make_request(task, settings))
    said = _what_was_said(outcome)
    if said is None:
        assert isinstance(outcome, Failed)
        return [_reject(task, outcome)]
    return [
        ModelAnswer(
            answer_id=task.answer_id,
            sample_id=task.sample.sample_id,
            role=task.role,
            model=task.model,
            mode=task.mode,
            text=said.text,
            is_refusal=said.is_refusal,
            prompt_tokens=outcome.usage.prompt_tokens,
            completion_tokens=outcome.usage.completion_tokens,
            cost_usd=outcome.cost_usd,
            request_id=outcome.request_id,
        )
    ]


def _reject(task: AnswerTask, failed: Failed) -> Rejection:
    rejection = Rejection.of(
        task.answer_id,
        stage=STAGE,
        reason=failed.code,
        detail=f"{task.role} {task.model}: {failed.message}",
        text=task.sample.question,
    )
    chunk_id = next(iter(task.sample.chunk_ids), "")
    return rejection.model_copy(update={"chunk_id": chunk_id, "path": task.sample.path})


class _Said(NamedTuple):
    text: str
    is_refusal: bool


def _what_was_said(outcome: Outcome) -> _Said | None:
    """The text of the reply; also of one cut off at its limit, or of a refusal."""
    match outcome.reply:
        case {"choices": [{"message": {"refusal": str(refusal)}}, *_]} if refusal:
            return _Said(refusal.strip(), is_refusal=True)
        case dict(reply) if isinstance(outcome, Completed) or outcome.code == TRUNCATED:
            text = reply_text(reply).strip()
            return _Said(text, is_refusal(text))
    return None


def _make_request(task: AnswerTask, settings: RunSettings) -> Request:
    sample, chosen = task.sample, settings.evaluation
    excerpt = None if task.mode == "closed" else Excerpt(sample.title, sample.context)
    prompt = student_prompt(sample.question, excerpt, settings.dataset)
    body: dict[str, Json] = {
        "model": task.model,
        "messages": prompt.messages(),
        "max_completion_tokens": chosen.answer_max_output_tokens,
    }
    if chosen.temperature is not None:
        body["temperature"] = chosen.temperature
    return make_request(
        task.answer_id,
        0,
        url=CHAT_COMPLETIONS,
        body=body,
        purpose=PURPOSE,
        prompt_tokens=sum(map(count_tokens, prompt)) + 3 * MESSAGE_OVERHEAD_TOKENS,
        manner=Manner(task.server, answering_parameters(settings, task.role)),
    )


OPENING_CHARS = 300  # of an answer; a refusal stands at the beginning, later ones are reservations

_SOURCE = r"(?:text|excerpt|passage|context|information|material)s?"
_GIVEN = r"(?:given |provided |above |available )?"
_REFUSAL = re.compile(
    rf"\b(?:the|this|these) {_GIVEN}{_SOURCE}(?: above| given| provided)?"
    r" (?:(?:does|do|did) not|(?:does|do|did)n['\u2019]t) (?:\w+ly )?"
    r"(?:contain|include|hold|have|answer|address|cover|say|tell|reveal|mention)\b"
    r"|\b(?:is|are|was|were) not (?:\w+ly )?(?:mentioned|stated|given|covered|contained|found"
    rf"|described|answered|provided|specified|included) (?:in|by) (?:the|this) {_GIVEN}{_SOURCE}\b"
    r"|\bquestion (?:can(?:not|['\u2019]t| not)) be answered\b",
    re.IGNORECASE,
)


def is_refusal(text: str) -> bool:
    """Whether an answer begins by saying that it has none; recognised in English only.

    A correction of what the question takes for granted is an answer.
    """
    opening = text[:OPENING_CHARS]
    return bool(NON_ANSWER.search(opening) or _REFUSAL.search(opening))


def contest_tasks(context: StageContext[Contest]) -> list[AnswerTask]:
    """The tasks of this call: its samples for its models, in the order of the samples."""
    samples = read_records(context.folder.results_path(SAMPLES.name), Sample)
    contest = context.order
    return list(answer_tasks(samples, contest.models, contest.mode, context.settings))


def contest_answers(context: StageContext[Contest]) -> list[ModelAnswer]:
    """The answers that there are to the tasks of this call, in their order."""
    asked = [task.answer_id for task in contest_tasks(context)]
    path = context.folder.results_path(MODEL_ANSWERS.name)
    given = {
        answer.answer_id: answer
        for answer in read_records(path, ModelAnswer, is_wanted=frozenset(asked).__contains__)
    }
    return [given[answer_id] for answer_id in asked if answer_id in given]


def _list_tasks(
    context: StageContext[Contest], files: StageFiles[ModelAnswer]
) -> Items[AnswerTask]:
    tasks = contest_tasks(context)
    unfinished = [task for task in tasks if files.is_unfinished(task.answer_id)]
    return Items(unfinished, len(tasks), len(tasks) - len(unfinished))


async def _answer(
    task: AnswerTask, ask: Ask, settings: RunSettings
) -> list[ModelAnswer | Rejection]:
    return await answer_sample(task, ask, settings)


REQUESTS_PER_ANSWER = 1.0 + 7.0  # one for itself; the scores of one take two to five requests each


def _requests_per_answer(_: RunSettings) -> float:
    return REQUESTS_PER_ANSWER


MODEL_ANSWERS: Stage[Contest] = Stage(
    name=STAGE,
    label="models' answers",
    result=ModelAnswer,
    reads=(SAMPLES.name,),
    work=ItemWork(
        items=_list_tasks,
        needs=only_settings,
        work=_answer,
        requests_per_item=_requests_per_answer,
    ),
    prompts={name: ROW_PROMPTS for name in PROFILES},
    purposes=(PURPOSE,),
    keeps_former_results=True,
)
