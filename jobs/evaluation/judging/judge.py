"""Asks the judge for JSON of a given shape, through the engine."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeVar

import orjson
from pydantic import BaseModel, Field, ValidationError

from engine.ask import Ask, ask_together
from engine.files.records import first_problem
from engine.servers import OWN_SERVER
from engine.wire.prompt_cache import CacheRules, lay_out
from engine.wire.replies.content import json_text, reply_text
from engine.wire.tokens import MESSAGE_OVERHEAD_TOKENS, count_tokens
from jobs.evaluation.judging.shapes import strict_schema
from schemas.outcomes import Failed, Outcome
from schemas.parameters import Parameters
from schemas.record import Value, content_id
from schemas.requests import (
    CHAT_COMPLETIONS,
    CacheLayout,
    Json,
    Manner,
    Prefix,
    Request,
    make_request,
)
from schemas.settings import JsonForm

PURPOSE = "evaluation_judge"
MAX_TRIES = 3  # for a reply of the wrong form; as many as ragas's own client makes

Shape = TypeVar("Shape", bound=BaseModel)


class UnscoredError(Exception):
    """An answer cannot be scored; the message says why."""


class JudgePolicy(Value):
    """How the judge is asked. `is_bounded`: the schema limits lengths, which small models need."""

    model: str
    output: JsonForm
    max_output_tokens: int
    temperature: float | None
    is_bounded: bool
    server: str = OWN_SERVER
    parameters: Parameters = Field(default_factory=dict)
    cache: CacheRules = CacheRules()


class Judge:
    """The judge of one score.

    Calls that are alike are numbered in the order in which they are made, so each has an id of its
    own. With `repeats`, the first of so many equal calls asks all of them, and `alongside` too, so
    that in the batch lane they share a round. A reply of the wrong form is asked for again.
    """

    def __init__(
        self,
        item_id: str,
        *,
        ask: Ask,
        policy: JudgePolicy,
        repeats: int = 1,
        alongside: Sequence[Request] = (),
    ) -> None:
        self._item_id = item_id
        self._ask = ask
        self._policy = policy
        self._repeats = repeats
        self._alongside = alongside
        self._waiting: defaultdict[bytes, list[Outcome]] = defaultdict(list)
        self._next_ordinal: defaultdict[bytes, int] = defaultdict(int)

    async def say(self, messages: Sequence[Json], shape: type[Shape]) -> Shape:
        """What the judge says to `messages`.

        Raises:
            UnscoredError: the request failed for good, or every reply has a wrong form; and what
                `ask` raises.
        """
        problem = ""
        for _ in range(MAX_TRIES):
            outcome = await self._outcome(messages, shape)
            if isinstance(outcome, Failed):
                raise UnscoredError(f"judge: {outcome.code}: {outcome.message}")
            try:
                return shape.model_validate_json(json_text(reply_text(outcome.reply)))
            except ValidationError as error:
                problem = first_problem(error)
        raise UnscoredError(f"judge: malformed_output: {problem}")

    async def say_all(self, prompts: Sequence[Sequence[Json]], shape: type[Shape]) -> list[Shape]:
        """What the judge says to each of several prompts, in their order; they share a round."""
        requests = [self._make_request(messages, shape, 0) for messages in prompts]
        await ask_together(self._ask, requests)
        return [await self.say(messages, shape) for messages in prompts]

    async def _outcome(self, messages: Sequence[Json], shape: type[BaseModel]) -> Outcome:
        prompt = orjson.dumps(messages)
        waiting = self._waiting[prompt]
        if not waiting:
            first = self._next_ordinal[prompt]
            count = 1 if first else self._repeats
            self._next_ordinal[prompt] += count
            requests = [
                self._make_request(messages, shape, first + number) for number in range(count)
            ]
            outcomes = await ask_together(self._ask, [*requests, *self._alongside])
            waiting.extend(outcomes[:count])
        return waiting.pop(0)

    def _lay_out(self, messages: Sequence[Json], tokens: int) -> CacheLayout | None:
        """A prompt that is asked several times is kept whole; of others nothing is read again."""
        family = content_id("judge", self._policy.model, messages)
        last = messages[-1]
        end = len(str(last["content"])) if isinstance(last, dict) else 0
        whole = [Prefix(family, len(messages) - 1, end, tokens)] if self._repeats > 1 else []
        return lay_out(self._policy.cache, whole, family=family, group_id=self._item_id)

    def _make_request(
        self, messages: Sequence[Json], shape: type[BaseModel], ordinal: int
    ) -> Request:
        tokens = _count_tokens(messages)
        body: dict[str, Json] = {
            "model": self._policy.model,
            "messages": list(messages),
            **self._response_format(shape),
            "max_completion_tokens": self._policy.max_output_tokens,
        }
        if self._policy.temperature is not None:
            body["temperature"] = self._policy.temperature
        return make_request(
            self._item_id,
            ordinal,
            url=CHAT_COMPLETIONS,
            body=body,
            purpose=PURPOSE,
            prompt_tokens=tokens,
            manner=Manner(
                self._policy.server, self._policy.parameters, self._lay_out(messages, tokens)
            ),
        )

    def _response_format(self, shape: type[BaseModel]) -> dict[str, Json]:
        """The part of a body that asks for JSON; the prompts ask for it in words too."""
        if self._policy.output == "prompt":
            return {}
        if self._policy.output == "json_object":
            return {"response_format": {"type": "json_object"}}
        schema = strict_schema(shape, is_bounded=self._policy.is_bounded)
        named: dict[str, Json] = {"name": shape.__name__, "strict": True, "schema": schema}
        return {"response_format": {"type": "json_schema", "json_schema": named}}


def _count_tokens(messages: Sequence[Json]) -> int:
    texts = [str(message["content"]) for message in messages if isinstance(message, dict)]
    return sum(map(count_tokens, texts)) + (len(texts) + 1) * MESSAGE_OVERHEAD_TOKENS
