"""Sends a model one short request: does it take the parameters, and which limits has it?"""

from collections.abc import Iterator, Mapping

import aiohttp

from engine.clock import Clock
from engine.errors import EngineError
from engine.library.chat import make_chat_request
from engine.live.plain_calls import call_once
from engine.wire.endpoints import Endpoint
from engine.wire.payloads import wire_payload
from engine.wire.prices import Price, worst_usage
from engine.wire.replies.rate_headers import REQUESTS, TOKENS, read_allowance
from engine.wire.replies.responses import HttpResponse, read_reply
from engine.wire.replies.usage import read_usage
from engine.wire.server_text import scrub
from jobs.findings import Finding
from schemas.requests import CHAT_COMPLETIONS, Json
from schemas.settings import JsonForm, LimitSettings

TIMEOUT_S = 120.0
MAX_OUTPUT_TOKENS = 64
PROMPT = 'Reply with the JSON object {"ok": true}.'
SCHEMA: dict[str, Json] = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}},
    "required": ["ok"],
    "additionalProperties": False,
}


def short_parameters(form: JsonForm, temperature: float | None) -> dict[str, Json]:
    """The parameters that a role's requests have beside their texts."""
    parameters: dict[str, Json] = {}
    if form == "json_schema":
        schema: Json = {"name": "ok", "strict": True, "schema": SCHEMA}
        parameters["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif form == "json_object":
        parameters["response_format"] = {"type": "json_object"}
    if temperature is not None:
        parameters["temperature"] = temperature
    return parameters


async def ask_model(
    endpoint: Endpoint,
    model: str,
    parameters: Mapping[str, Json],
    *,
    limits: LimitSettings,
    price: Price,
    clock: Clock,
) -> list[Finding]:
    """Whether the model takes a request with these parameters, and what its headers say."""
    about = f"asked {model}"
    request = make_chat_request(
        "doctor",
        [{"role": "user", "content": PROMPT}],
        model=model,
        max_output_tokens=MAX_OUTPUT_TOKENS,
        parameters=parameters,
    )
    payload = wire_payload(request, endpoint.output_limit_name, is_enlarged=False)
    try:
        response = await call_once(
            endpoint, endpoint.address(CHAT_COMPLETIONS), payload, timeout_s=TIMEOUT_S
        )
        reply = read_reply(response, CHAT_COMPLETIONS, endpoint, clock)
    except EngineError as error:
        return [Finding(about, "not ok", str(error))]
    except (aiohttp.ClientError, OSError) as error:
        text = scrub(str(error) or repr(error), endpoint)
        return [Finding(about, "not ok", f"{endpoint.base_url} did not answer ({text})")]
    usage = read_usage(reply.body).or_at_most(worst_usage(request)).usage
    usd = price(model, usage)
    cost = "" if usd is None else f", ${usd:.6f}"
    named = ", ".join(["an output limit", *sorted(parameters)])
    tokens = f"{usage.prompt_tokens} tokens in, {usage.completion_tokens} out{cost}"
    return [
        Finding(about, "ok", f"it takes {named} ({tokens})"),
        *_check_limits(response, limits, clock),
    ]


def _check_limits(response: HttpResponse, limits: LimitSettings, clock: Clock) -> Iterator[Finding]:
    rows = (
        (REQUESTS, "requests", limits.requests_per_minute),
        (TOKENS, "tokens", limits.tokens_per_minute),
    )
    for names, unit, wanted in rows:
        seen = read_allowance(response.headers, names, clock.utc_now())
        if seen is None:
            text = f"the server names no limit of {unit}"
            if wanted is None:
                text += f": limits.{unit}_per_minute sets one"
            yield Finding("limits", "note", text)
        elif wanted is not None and wanted > seen.limit:
            text = f"the server names {seen.limit:,.0f} {unit}: lower limits.{unit}_per_minute"
            yield Finding("limits", "not ok", f"{text}, which is {wanted:,.0f}")
        else:
            span = "a day" if seen.is_per_day else "a minute"
            yield Finding("limits", "ok", f"the server names {seen.limit:,.0f} {unit} {span}")
