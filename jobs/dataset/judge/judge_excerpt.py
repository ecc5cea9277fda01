"""Asks the judge whether an excerpt answers a question that it was not written for."""

from engine.ask import Ask
from jobs.dataset.judge.ask_judge import Asked, Judged, Pair, Unjudged, judge_pairs
from jobs.documents.passages import Passages
from jobs.settings.roles import judge_cache, judge_of
from schemas.dataset import Kind
from schemas.documents import Chunk
from schemas.settings import RunSettings


async def judge_excerpt(
    item_id: str, kind: Kind, question: str, excerpt: Chunk, ask: Ask, settings: RunSettings
) -> Judged | Unjudged:
    """The judge's word on a question beside a text; its `answerable` is what is asked for.

    One call. Raises what `Ask` raises.
    """
    judge = judge_of(settings)
    asked = Asked(item_id, judge.model, judge.server, judge.parameters, judge_cache(settings))
    plain = settings.judge.model_copy(update={"rewords": False})
    pairs = [Pair(kind, question, "")]
    (found,) = await judge_pairs(asked, pairs, Passages(excerpt), ask, plain)
    return found
