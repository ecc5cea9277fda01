"""A run against a simulated prompt cache, in virtual time: what is read of what could be.

The real prompts, layout and live lane; the provider's cache is simulated: what a request writes can
be read once it was answered, and requests of one key beyond 15 a minute go to further machines.
"""

import asyncio
import hashlib
import random
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from engine.live.lane import LiveLane
from engine.spending.budget import Budget
from engine.stats.counters import Stats
from engine.testing.clocks import LoopClock, VirtualTimeLoop
from engine.wire.endpoints import Endpoint
from engine.wire.prices import make_price
from engine.wire.replies.responses import HttpResponse
from jobs.dataset.questions.write_questions import write_questions
from jobs.dataset.write_answers import write_answer
from jobs.documents.passages import Passages
from schemas.dataset import Question
from schemas.documents import Chunk
from schemas.outcomes import Outcome
from schemas.record import content_id
from schemas.requests import Request, Url
from schemas.settings import RunSettings
from tests.openai_server.config import ModelCard
from tests.openai_server.paid.chat import prompt_tokens_of
from tests.openai_server.paid.prompt_cache import CacheUse, PromptCache

MODEL = ModelCard(id="gpt-6.1-terra", charges_cache_writes=True)
KEY_PER_MINUTE = 15  # OpenAI prompt caching guide
MEDIAN_LATENCY_S, SIGMA = 3.0, 0.5
OUTPUT_TOKENS = 60
WORDS = ("cache", "tokens", "prompt", "server", "reply", "batch", "limit", "price", "model", "text")

_CONTENTS = {
    "questions": '{"questions": []}',
    "answers": '{"evidence": [1], "answer": "So it is."}',
}


@dataclass
class Provider:
    """A transport to a simulated provider. `could_read` is what an ideal client would have read."""

    uniform: random.Random
    cache: PromptCache = field(default_factory=PromptCache)
    totals: Counter[str] = field(default_factory=Counter)
    recent: dict[str, deque[float]] = field(default_factory=dict)

    async def post(
        self, endpoint: Endpoint, url: Url, payload: bytes, *, is_slow: bool = False
    ) -> HttpResponse:
        """Answer one request after a while."""
        body = orjson.loads(payload)
        body["prompt_cache_key"] = self._machine(body)
        use = self.cache.look_up(body, MODEL)
        await asyncio.sleep(MEDIAN_LATENCY_S * self.uniform.lognormvariate(0.0, SIGMA))
        self.cache.remember(use)
        tokens = prompt_tokens_of(body)
        self.totals.update(
            requests=1, prompt=tokens, read=use.read_tokens, written=use.written_tokens
        )
        return _reply(body, tokens, use)

    async def aclose(self) -> None:
        """Nothing is open."""

    def _machine(self, body: Mapping[str, Any]) -> str:
        """Where a request lands: beyond so many a minute of one key, on a further machine."""
        key = str(body.get("prompt_cache_key", ""))
        now_s = asyncio.get_running_loop().time()
        recent = self.recent.setdefault(key, deque())
        while recent and now_s - recent[0] > 60.0:
            recent.popleft()
        recent.append(now_s)
        return f"{key}#{(len(recent) - 1) // KEY_PER_MINUTE}"


class Ideal:
    """What could be read: of each request the longest shared prefix that an earlier one had."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self.tokens = 0

    def note(self, request: Request) -> None:
        """Count one request, in the order in which they are asked."""
        prefixes = request.cache.prefixes if request.cache is not None else ()
        texts = {each.prefix_id.partition(":")[2]: each.tokens for each in prefixes}  # by any key
        self.tokens += max((texts[text] for text in texts if text in self._seen), default=0)
        self._seen.update(texts)


class Corpus(NamedTuple):
    """What is asked about: chunks, and so many questions on each."""

    chunks: int
    per_chunk: int
    in_flight: int
    seed: int


def settings_for(choice: str, requests_per_minute: float) -> RunSettings:
    """Settings of a run at OpenAI with this choice of prompt cache."""
    return RunSettings.model_validate(
        {
            "teacher": {"model": MODEL.id, "prompt_cache": choice},
            "limits": {"requests_per_minute": requests_per_minute},
        }
    )


def simulate(corpus: Corpus, settings: RunSettings) -> dict[str, float]:
    """Ask for all questions, then for all answers; returns sums.

    `read` and `written` are prompt tokens, `could` those that could have been read.
    """
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(_simulate(corpus, settings))


async def _simulate(corpus: Corpus, settings: RunSettings) -> dict[str, float]:
    uniform = random.Random(corpus.seed)
    provider, ideal = Provider(uniform), Ideal()
    budget = Budget(cap_usd=None, spent_usd=0.0, price=make_price({}))
    lane = LiveLane(
        [Endpoint("https://api.openai.com/v1", "sk-none")],
        settings=settings.limits,
        transport=provider,
        clock=LoopClock(),
        budget=budget,
        stats=Stats(),
        rng=uniform,
    )

    async def ask(request: Request, /) -> Outcome:
        ideal.note(request)
        return await lane.send(request)

    chunks = sorted(_chunks(corpus, uniform), key=lambda chunk: chunk.chunk_id)
    await _work_off(iter([write_questions(chunk, ask, settings) for chunk in chunks]), corpus)
    answers = [
        write_answer(question, Passages(chunk), ask, settings)
        for chunk in chunks
        for question in _questions(chunk, corpus.per_chunk)
    ]
    await _work_off(iter(answers), corpus)
    minutes = asyncio.get_running_loop().time() / 60
    return {
        **provider.totals,
        "could": ideal.tokens,
        "usd": budget.spent_usd,
        "minutes": minutes,
    }


async def _work_off(work: Iterator[Any], corpus: Corpus) -> None:
    async def worker() -> None:
        for each in work:
            await each

    async with asyncio.TaskGroup() as group:
        for _ in range(corpus.in_flight):
            group.create_task(worker())


def _chunks(corpus: Corpus, uniform: random.Random) -> Iterator[Chunk]:
    for number in range(corpus.chunks):
        sentences = [" ".join(uniform.choices(WORDS, k=18)).capitalize() + "." for _ in range(26)]
        text = f"Chunk {number}. " + " ".join(sentences)
        yield Chunk(
            chunk_id=content_id("chunk", number),
            document_id=content_id("document", number // 20),
            side="train",
            start_char=0,
            end_char=len(text),
            path="manual.md",
            first_page=None,
            last_page=None,
            title="A manual",
            headings=(),
            token_count=len(text) // 5,
            text=text,
        )


def _questions(chunk: Chunk, count: int) -> Iterator[Question]:
    for number in range(count):
        yield Question(
            question_id=content_id("question", chunk.chunk_id, number),
            chunk_id=chunk.chunk_id,
            document_id=chunk.document_id,
            side="train",
            kind="factual",
            text=f"What does number {number} of {chunk.chunk_id[:8]} say?",
            evidence=(),
            scores={},
            request_id=hashlib.blake2b(b"", digest_size=16).hexdigest(),
        )


def _reply(asked: Mapping[str, Any], prompt_tokens: int, use: CacheUse) -> HttpResponse:
    name = asked["response_format"]["json_schema"]["name"]
    message = {"role": "assistant", "content": _CONTENTS[name]}
    body = {
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": OUTPUT_TOKENS,
            "prompt_tokens_details": {
                "cached_tokens": use.read_tokens,
                "cache_write_tokens": use.written_tokens,
            },
        },
    }
    return HttpResponse(200, {}, orjson.dumps(body))
