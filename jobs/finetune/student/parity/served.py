"""A served student, asked as the gate needs it: llama.cpp's own calls beside the API's."""

from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp

from engine.errors import ConfigError
from jobs.finetune.student.source.chat_template import Message

TOP_COUNT = 5  # tokens whose probabilities are compared at each place


class ServedStudentClient:
    """One student behind a `StudentModel`; calls go one after the other."""

    def __init__(
        self, session: aiohttp.ClientSession, base_url: str, api_key: str, name: str
    ) -> None:
        self._session = session
        self._base_url = base_url
        self._headers = {"Authorization": f"Bearer {api_key}"}
        self._name = name

    async def prompt(self, messages: Sequence[Message]) -> str:
        """What the served template makes of the messages before an answer."""
        reply = await self._call("apply-template", {"messages": list(messages)})
        return str(reply["prompt"])

    async def ids(self, text: str) -> list[int]:
        """The tokens that the served vocabulary makes of a prompt."""
        body = {"content": text, "add_special": True, "parse_special": True}
        return list((await self._call("tokenize", body))["tokens"])

    async def next_tokens(self, ids: Sequence[int]) -> Mapping[int, float]:
        """The likeliest tokens after `ids`, with their log-probabilities in nats.

        Empty where the likeliest ends within a character: llama.cpp shows it with the next one.
        """
        body = {
            "prompt": list(ids),
            "n_predict": 1,
            "n_probs": TOP_COUNT,
            "temperature": 0,
            "cache_prompt": True,
        }
        reply = await self._call("completion", body)
        shown = reply.get("completion_probabilities") or [{"top_logprobs": []}]
        return {each["id"]: each["logprob"] for each in shown[0]["top_logprobs"]}

    async def ends_with(self, ids: Sequence[int], end_id: int) -> bool:
        """Whether generation ends where the end token comes, whatever the weights say."""
        body = {
            "prompt": list(ids),
            "n_predict": 4,
            "temperature": 0,
            "logit_bias": [[end_id, 1000.0]],
        }
        return bool((await self._call("completion", body))["stop_type"] == "eos")

    async def answer(self, ids: Sequence[int], *, max_tokens: int) -> list[int]:
        """The tokens of the greedy answer to a prompt, the end token left out."""
        body = {
            "prompt": list(ids),
            "n_predict": max_tokens,
            "temperature": 0,
            "return_tokens": True,
        }
        return list((await self._call("completion", body))["tokens"])

    async def _call(self, call: str, body: dict[str, object]) -> dict[str, Any]:
        return await self._post(f"{self._base_url}/llama/{self._name}/{call}", body)

    async def _post(self, url: str, body: dict[str, object]) -> dict[str, Any]:
        async with self._session.post(url, json=body, headers=self._headers) as reply:
            found: dict[str, Any] = await reply.json()
            if reply.status != 200:
                raise ConfigError(f"the served student refuses a call: {found.get('error')}")
            return found
