"""The most that requests can take of which nothing is known but limits and the size of texts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from engine.wire.prices import Price, counted_sends
from engine.wire.tokens import count_tokens
from jobs.dataset.ask_teacher import ANSWERS, QUESTIONS
from jobs.dataset.judge.ask_judge import PROMPTS as JUDGE_PROMPTS
from jobs.dataset.judge.judge_rows import VERDICTS
from jobs.dataset.pairs.pair_ids import QUESTIONS_OF_PAIR
from jobs.dataset.questions.further_questions import FURTHER, tops_up_repeats
from jobs.dataset.questions.question_vectors import QUESTION_VECTORS
from jobs.dataset.questions.write_questions import tops_up
from jobs.dataset.rows.unanswerable import UNANSWERABLE
from jobs.plan.replay import AskedSoFar
from jobs.prompts import read_prompt
from jobs.run.stages import always
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


def _questions(asked: AskedSoFar, settings: RunSettings) -> Iterable[PerItem]:
    """The calls that are known, about a chunk and its pair, and one more about the chunk."""
    count = asked.left_count
    tokens = asked.worst_prompt_tokens / count, asked.worst_completion_tokens / count
    yield PerItem(count, *tokens, "", asked.worst_usd)
    if tops_up(settings):
        prompt_tokens = tokens[0] + settings.questions.max_output_tokens  # the result of the first
        yield PerItem(1, prompt_tokens, tokens[1], settings.teacher.model)


def _none(_: AskedSoFar, __: RunSettings) -> Iterable[PerItem]:
    """The one further call about a chunk is counted among those for questions."""
    return ()


def _vectors(asked: AskedSoFar, settings: RunSettings) -> Iterable[PerItem]:
    """Requests for the vectors of what is asked about a chunk, a token a character."""
    calls = max(1, asked.left_count) + tops_up_repeats(settings)
    tokens = settings.questions.per_chunk * settings.questions.max_chars
    yield PerItem(calls, tokens, 0, settings.questions.embedding_model)


def _answers(asked: AskedSoFar, settings: RunSettings) -> Iterable[PerItem]:
    """As many answers as questions may be asked for, each with the prompt that its text has."""
    limit = settings.answers.max_output_tokens * sum(counted_sends(settings.limits))
    count = _most_questions(asked, settings)
    yield PerItem(count, _prompt_tokens(asked), limit, settings.teacher.model)


def _verdicts(asked: AskedSoFar, settings: RunSettings) -> Iterable[PerItem]:
    yield _verdict(asked, settings, float(asked.left_count or 1))


def _unanswerable(asked: AskedSoFar, settings: RunSettings) -> Iterable[PerItem]:
    fraction = settings.dataset.unanswerable_fraction
    share = _most_questions(asked, settings) * fraction / (1 - fraction)
    yield _verdict(asked, settings, share)


def _verdict(asked: AskedSoFar, settings: RunSettings, share: float) -> PerItem:
    """What the judge is asked about a chunk: its text, its questions and the longest answers."""
    shown = settings.questions.per_chunk * settings.answers.max_output_tokens
    instructions = sum(_tokens_of(read_prompt(name)) for name in JUDGE_PROMPTS)
    calls = VERDICT_CALLS if settings.judge.rewords else 1.0
    limit = settings.judge.max_output_tokens * sum(counted_sends(settings.limits))
    prompt_tokens = _prompt_tokens(asked) + shown + instructions
    return PerItem(share * calls, prompt_tokens, limit, judge_of(settings).model)


@lru_cache(len(JUDGE_PROMPTS))
def _tokens_of(prompt: str) -> int:
    """Tokens of a prompt, which are the same for each chunk."""
    return count_tokens(prompt)


def _prompt_tokens(asked: AskedSoFar) -> int:
    return asked.worst_prompt_tokens or asked.prompt_tokens


def _most_questions(asked: AskedSoFar, settings: RunSettings) -> int:
    """About a chunk, and where a second call is left about it, about its pair."""
    of_pair = QUESTIONS_OF_PAIR if asked.left_count > 1 else 0
    return settings.questions.per_chunk + of_pair


def _never(_: RunSettings) -> bool:
    return False


def _if_held_out_is_answered(settings: RunSettings) -> bool:
    return settings.answers.held_out


class StageMost(NamedTuple):
    """What a stage may ask about a chunk that it has not come to.

    `asks_of_held_out`: about chunks of the held-out side too. `about_chunk` goes by what is asked
    about the chunk for questions, which is known of every chunk.
    """

    asks_of_held_out: Callable[[RunSettings], bool]
    about_chunk: Callable[[AskedSoFar, RunSettings], Iterable[PerItem]]


MOST: Mapping[str, StageMost] = {  # of every stage of a dataset that asks
    QUESTIONS.name: StageMost(always, _questions),
    FURTHER.name: StageMost(always, _none),
    QUESTION_VECTORS.name: StageMost(always, _vectors),
    ANSWERS.name: StageMost(_if_held_out_is_answered, _answers),
    VERDICTS.name: StageMost(_if_held_out_is_answered, _verdicts),
    UNANSWERABLE.name: StageMost(_never, _unanswerable),
}
