"""Has the judge look at questions and answers with their text in view, one call a text."""

from collections.abc import Mapping, Sequence
from string import Template
from typing import NamedTuple

from engine.ask import Ask
from engine.wire.prompt_cache import CacheRules
from jobs.dataset.structured_chat import ChatCall, make_structured_request, parse_reply
from jobs.documents.passages import Passages
from jobs.prompts import read_prompt
from jobs.settings.roles import judge_cache, judge_of
from jobs.text.numbered_sentences import CONTINUATION, NumberedSentences, number_sentences
from jobs.text.untrusted_text import defuse_tokens, make_line, make_plain, restore_tokens
from schemas.dataset import Kind
from schemas.documents import Chunk
from schemas.outcomes import Completed, Failed
from schemas.parameters import NO_PARAMETERS
from schemas.record import Value
from schemas.requests import Json, Request
from schemas.settings import JudgeSettings, RunSettings

PURPOSE = "judge"
PROMPTS = ("judge_pairs.md", "judge_pairs_user.md")
MAX_CLAIMS = 20
MOST_USEFUL = 5

FIRST, REPEATED, REWORDED = 0, 1, 2  # which call about a chunk it is


class QaPair(NamedTuple):
    """A question and its answer; the answer is empty where there is none."""

    kind: Kind
    question: str
    answer: str


class JudgeCall(NamedTuple):
    """Who is asked about which pairs of one text, and under which id."""

    item_id: str
    model: str
    server: str
    parameters: Mapping[str, Json] = NO_PARAMETERS
    cache: CacheRules = CacheRules()


class Claim(Value):
    """One claim of an answer, and the number of the sentence that supports it; 0: none does."""

    claim: str
    sentence: int


class QaVerdict(Value):
    """What the judge says of one pair."""

    pair: int
    claims: tuple[Claim, ...]
    complete: bool
    answerable: bool
    stands_alone: bool
    points_at_text: bool
    kind_fits: bool
    language_fits: bool
    useful: int
    reworded: str

    @property
    def leans(self) -> bool:
        """Whether question or answer needs a text that its reader does not see."""
        return self.points_at_text or not self.stands_alone


class Judged(NamedTuple):
    """A verdict, the request that it comes from, and the question that it is of."""

    verdict: QaVerdict
    request_id: str
    question: str


class Unjudged(NamedTuple):
    """Why there is no verdict."""

    reason: str
    detail: str = ""


class _Reply(Value):
    verdicts: tuple[QaVerdict, ...]


async def judge_pairs(
    asked: JudgeCall, pairs: Sequence[QaPair], passages: Passages, ask: Ask, settings: JudgeSettings
) -> list[Judged | Unjudged]:
    """The judge's last word on each pair, in their order.

    One call for all. Pairs that its reply leaves out are asked about once more, and questions that
    lean on their text are judged once more as the judge has reworded them. Raises what `Ask` does.
    """
    sentences = number_sentences(*passages.in_order)
    numbers = range(len(pairs))
    found = await _judge_some(asked, FIRST, numbers, pairs, sentences, ask, settings)
    missing = [n for n in numbers if isinstance(found[n], Unjudged)]
    if missing and len(missing) < len(pairs):
        found |= await _judge_some(asked, REPEATED, missing, pairs, sentences, ask, settings)
    reworded = {n: pair for n in numbers if (pair := _reworded(pairs[n], found[n])) is not None}
    if reworded and settings.rewords:
        others = [reworded.get(n, pair) for n, pair in enumerate(pairs)]
        found |= await _judge_some(
            asked, REWORDED, sorted(reworded), others, sentences, ask, settings
        )
    return [found[n] for n in numbers]


async def judge_excerpt(
    item_id: str, kind: Kind, question: str, excerpt: Chunk, ask: Ask, settings: RunSettings
) -> Judged | Unjudged:
    """The judge's word on a question beside a text; its `answerable` is what is asked for.

    One call. Raises what `Ask` raises.
    """
    judge = judge_of(settings)
    asked = JudgeCall(item_id, judge.model, judge.server, judge.parameters, judge_cache(settings))
    plain = settings.judge.model_copy(update={"rewords": False})
    pairs = [QaPair(kind, question, "")]
    (found,) = await judge_pairs(asked, pairs, Passages(excerpt), ask, plain)
    return found


async def _judge_some(
    asked: JudgeCall,
    ordinal: int,
    numbers: Sequence[int],
    pairs: Sequence[QaPair],
    sentences: NumberedSentences,
    ask: Ask,
    settings: JudgeSettings,
) -> dict[int, Judged | Unjudged]:
    shown = [pairs[number] for number in numbers]
    request = _make_request(asked, ordinal, shown, sentences, settings)
    outcome = await ask(request)
    if isinstance(outcome, Failed):
        return dict.fromkeys(numbers, Unjudged(outcome.code, outcome.message))
    verdicts = _read_verdicts(outcome, len(sentences.texts))
    if verdicts is None:
        return dict.fromkeys(numbers, Unjudged("malformed_output"))
    return {
        number: Judged(verdicts[place], request.request_id, pairs[number].question)
        if place in verdicts
        else Unjudged("not_judged")
        for place, number in enumerate(numbers, start=1)
    }


def _read_verdicts(completed: Completed, sentence_count: int) -> dict[int, QaVerdict] | None:
    """The first verdict on each pair; a claim that rests on no sentence there is, rests on none.

    One whose `useful` is by a longer scale than asked for is none: what it means is not known.
    """
    reply = parse_reply(completed, _Reply)
    if reply is None:
        return None
    verdicts: dict[int, QaVerdict] = {}
    for verdict in reply.verdicts:
        if verdict.useful > MOST_USEFUL:
            continue
        claims = tuple(
            claim
            if 0 <= claim.sentence <= sentence_count
            else claim.model_copy(update={"sentence": 0})
            for claim in verdict.claims
        )
        verdicts.setdefault(verdict.pair, verdict.model_copy(update={"claims": claims}))
    return verdicts


def _reworded(pair: QaPair, found: Judged | Unjudged) -> QaPair | None:
    """The pair with the judge's wording of its question, if that is one and is another."""
    if isinstance(found, Unjudged) or not found.verdict.leans:
        return None
    question = restore_tokens(make_line(found.verdict.reworded))
    return pair._replace(question=question) if question not in ("", pair.question) else None


def _make_request(
    asked: JudgeCall,
    ordinal: int,
    pairs: Sequence[QaPair],
    sentences: NumberedSentences,
    settings: JudgeSettings,
) -> Request:
    user = Template(read_prompt("judge_pairs_user.md")).substitute(
        text=sentences.listing,
        pairs="\n".join(_show(number, pair) for number, pair in enumerate(pairs, start=1)),
    )
    return make_structured_request(
        ChatCall(
            asked.item_id,
            PURPOSE,
            asked.model,
            ordinal,
            asked.server,
            asked.parameters,
            asked.cache,
        ),
        system=read_prompt("judge_pairs.md"),
        user=user,
        reply_schema=_reply_schema(),
        settings=settings,
    )


def _show(number: int, pair: QaPair) -> str:
    answer = f"\n{CONTINUATION}".join(
        line.rstrip() for line in make_plain(pair.answer).split("\n") if line.strip()
    )
    lines = (
        f"=== PAIR {number} ===",
        f"Kind: {pair.kind}",
        f"Question: {defuse_tokens(make_line(pair.question))}",
        f"Answer: {defuse_tokens(answer) or '(none)'}",
    )
    return "\n".join(lines)


def _reply_schema() -> dict[str, Json]:
    """The same for all chunks, so that the provider's prompt cache hits."""
    claim = _object({"claim": {"type": "string"}, "sentence": {"type": "integer", "minimum": 0}})
    flag: dict[str, Json] = {"type": "boolean"}
    verdict = _object(
        {
            "pair": {"type": "integer", "minimum": 1},
            "claims": {"type": "array", "items": claim, "maxItems": MAX_CLAIMS},
            "complete": flag,
            "answerable": flag,
            "stands_alone": flag,
            "points_at_text": flag,
            "kind_fits": flag,
            "language_fits": flag,
            "useful": {"type": "integer", "minimum": 1, "maximum": MOST_USEFUL},
            "reworded": {"type": "string"},
        }
    )
    return _object({"verdicts": {"type": "array", "items": verdict}})


def _object(properties: dict[str, Json]) -> dict[str, Json]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
