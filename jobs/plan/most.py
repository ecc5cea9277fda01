"""The most that requests can take of which nothing is known but limits and the size of texts."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from engine.wire.prices import Price, counted_sends
from engine.wire.tokens import count_tokens
from jobs.dataset.judge.ask_judge import PROMPTS as JUDGE_PROMPTS
from jobs.prompts import read_prompt
from jobs.settings.roles import judge_of
from schemas.outcomes import Usage
from schemas.plan import Amount, StagePlan
from schemas.settings import RunSettings

VERDICT_CALLS = 2.0  # one, and one for questions that the judge has reworded


class PerItem(NamedTuple):
    """Requests of an item, the prompt of one and its output limit times the sends that count.

    `usd`: what they cost, where it is known already.
    """

    requests: float
    prompt_tokens: float
    completion_tokens: float
    model: str
    usd: float | None = None


def most_of(stage: str, items: Sequence[PerItem], price: Price) -> StagePlan:
    """The plan of a stage of which only the most is known."""
    return StagePlan(
        stage=stage,
        requests=_most(each.requests for each in items),
        prompt_tokens=_most(each.requests * each.prompt_tokens for each in items),
        completion_tokens=_most(each.requests * each.completion_tokens for each in items),
        usd=_most_usd(items, price),
    )


def _most(values: Iterable[float]) -> Amount:
    return Amount(value=None, low=None, high=sum(values))


def _most_usd(items: Sequence[PerItem], price: Price) -> Amount | None:
    costs = [_usd_of(each, price) for each in items]
    known = [usd for usd in costs if usd is not None]
    return _most(known) if len(known) == len(costs) else None


def _usd_of(item: PerItem, price: Price) -> float | None:
    if not item.model:
        return item.usd
    usage = Usage(round(item.prompt_tokens), round(item.completion_tokens))
    usd = price(item.model, usage)
    return None if usd is None else item.requests * usd


def most_of_further_questions(
    prompt_tokens: float, completion_tokens: float, settings: RunSettings
) -> PerItem:
    """A further call for questions, which shows the result of one with so many tokens."""
    shown = settings.questions.max_output_tokens
    return PerItem(1, prompt_tokens + shown, completion_tokens, settings.teacher.model)


def most_of_answer(prompt_tokens: int, count: int, settings: RunSettings) -> PerItem:
    """As many answers as questions may be asked for, each with the prompt that its text has."""
    limit = settings.answers.max_output_tokens * sum(counted_sends(settings.limits))
    return PerItem(count, prompt_tokens, limit, settings.teacher.model)


def most_of_vectors(calls: int, settings: RunSettings) -> PerItem:
    """Requests for the vectors of what so many calls about a chunk ask, a token a character."""
    tokens = settings.questions.per_chunk * settings.questions.max_chars
    return PerItem(calls, tokens, 0, settings.questions.embedding_model)


def most_of_verdict(prompt_tokens: int, settings: RunSettings, share: float) -> PerItem:
    """What the judge is asked about a chunk: its text, its questions and the longest answers."""
    shown = settings.questions.per_chunk * settings.answers.max_output_tokens
    instructions = sum(count_tokens(read_prompt(name)) for name in JUDGE_PROMPTS)
    calls = VERDICT_CALLS if settings.judge.rewords else 1.0
    limit = settings.judge.max_output_tokens * sum(counted_sends(settings.limits))
    model = judge_of(settings).model
    return PerItem(share * calls, prompt_tokens + shown + instructions, limit, model)
