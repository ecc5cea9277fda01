"""What a chat reply says: its text, and the JSON in it, out of what models wrap around them."""

import json
import re
from contextlib import suppress
from typing import Literal

from engine.wire.lenient_json import NotJsonError, parse_json
from schemas.requests import Json

Wrapping = Literal[
    "list of parts",
    "an object in the place of text",
    "<think>",
    "``` fence",
    "text around JSON",
    "in the place of reasoning",
]
_OF_PARTS = frozenset({"type", "text", "content", "value", "annotations", "id"})

# Tags of most models and of Gemini's thoughts; those of Magistral.
_REASONING = re.compile(
    r"\s*(?:<(think|thinking|thought|reasoning)>(?:.*?</\1>|.*\Z)"
    r"|\[THINK\](?:.*?\[/THINK\]|.*\Z))",
    re.DOTALL,
)
_UNOPENED_REASONING = re.compile(r"(?:(?!<think).)*?</(?:think|thinking|reasoning)>", re.DOTALL)
_CHANNEL = "<|channel|>"  # of gpt-oss, where the server does not read its channels
_FINAL_CHANNEL = re.compile(
    r".*<\|channel\|>final[^<]*(?:<\|constrain\|>\w*)?<\|message\|>", re.DOTALL
)
_CHANNEL_MARK = re.compile(r"<\|(?:return|end|call)\|>|<\|start\|>assistant")
_OBJECT_START = re.compile(r'\{\s*["}]')
MAX_TRIES = 50  # of finding an object in a text around JSON
_FENCE = re.compile(r"```[\w-]*[ \t]*\n(.*?)(?:\n[ \t]*```|\Z)", re.DOTALL)


def reply_text(reply: dict[str, Json] | None) -> str:
    """What the first choice of a chat completion says, without reasoning; empty if nothing.

    None, where a request failed, says nothing. Content may be a part, or a list of them, of which
    only text counts; any other JSON stands for its own text, and where there is no content, what
    the only call of a tool is given. Reasoning that stands before the answer in <think> tags is
    left out; one that was never closed is all there is. Where a reply that ended well has no
    content, what the host took for reasoning is the answer.
    """
    if reply is None:
        return ""
    return without_reasoning(_content(reply) or _as_reasoning(reply))


def without_reasoning(text: str) -> str:
    """A text without the block of reasoning that it begins with."""
    if "<" not in text and "[THINK]" not in text:
        return text
    if _CHANNEL in text:
        return _without_channels(text)
    if (block := _REASONING.match(text)) is not None:
        return text[block.end() :].lstrip()
    if "</think" in text and (block := _UNOPENED_REASONING.match(text)) is not None:
        return text[block.end() :].lstrip()  # chat templates may hold the opening tag back
    return text


def json_text(text: str) -> str:
    """The JSON object in a text: all of it, what stands in a ``` fence, or from { to }.

    The text as it is where there is none. One that was written as a JSON string is read first.
    """
    text = _unquoted(text.strip())
    if text.startswith("{") and text.endswith("}"):
        return text
    for fenced in _FENCE.finditer(text):
        if fenced[1].lstrip().startswith("{"):
            return fenced[1].strip()
    start, end = text.find("{"), text.rfind("}")
    if not 0 <= start < end:
        return text
    whole = text[start : end + 1]
    return whole if _is_json(whole) else _longest_object(text) or whole


def json_object(text: str) -> dict[str, Json] | None:
    """The JSON object in a text, None if there is none."""
    try:
        value = parse_json(json_text(text).encode(errors="replace"))
    except NotJsonError:
        return None
    return value if isinstance(value, dict) else None


def _unquoted(text: str) -> str:
    """What a text says that is a JSON string with an object in it; any other as it is."""
    if not (text.startswith('"') and text.endswith('"') and "{" in text):
        return text
    try:
        value = parse_json(text.encode(errors="replace"))
    except NotJsonError:
        return text
    return value.strip() if isinstance(value, str) else text


def _without_channels(text: str) -> str:
    """What the final channel of gpt-oss says, or what stands behind its analysis."""
    if (final := _FINAL_CHANNEL.match(text)) is not None:
        answer = text[final.end() :]
    else:
        _, _, answer = text.rpartition("<|end|>") if "<|end|>" in text else ("", "", "")
    return _CHANNEL_MARK.sub("", answer).strip()


def _is_json(text: str) -> bool:
    try:
        parse_json(text.encode(errors="replace"))
    except NotJsonError:
        return False
    return True


def _longest_object(text: str) -> str:
    """The longest JSON object in a text with other braces; empty if none is found soon."""
    decoder, longest, position = json.JSONDecoder(strict=False), "", 0
    for _ in range(MAX_TRIES):
        if (found := _OBJECT_START.search(text, position)) is None:
            break
        position = found.start() + 1
        with suppress(ValueError, RecursionError):
            _, position = decoder.raw_decode(text, found.start())
            longest = max(longest, text[found.start() : position], key=len)
    return longest


def wrapping_of(reply: dict[str, Json], *, asks_for_json: bool) -> Wrapping | None:
    """What had to be taken off to read a reply; None for plain content."""
    content = _first_message(reply).get("content")
    if not content:
        return "in the place of reasoning" if _as_reasoning(reply) else None
    if not isinstance(content, str):
        return "list of parts" if isinstance(content, list) else "an object in the place of text"
    if content.startswith("{"):
        return None
    if without_reasoning(content) is not content:
        return "<think>"
    if not asks_for_json or json_text(content) == content.strip():
        return None
    return "``` fence" if "```" in content else "text around JSON"


def reasoning_tokens(reply: dict[str, Json]) -> int:
    """How many tokens of hidden reasoning a reply reports, at least 1 if it shows any."""
    match reply:
        case {"usage": {"completion_tokens_details": {"reasoning_tokens": int(count)}}} if (
            count > 0
        ):
            return count
    message = _first_message(reply)
    shown = message.get("reasoning_content") or message.get("reasoning")
    content = message.get("content")
    has_only_reasoning = bool(content) and not reply_text(reply).strip()
    if not shown and not has_only_reasoning:
        return 0
    match reply:
        case {"usage": {"completion_tokens": int(count)}} if count > 0:
            return count
    return 1


def _first_choice(reply: dict[str, Json]) -> dict[str, Json]:
    choices = reply.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else {}


def _first_message(reply: dict[str, Json]) -> dict[str, Json]:
    message = _first_choice(reply).get("message")
    return message if isinstance(message, dict) else {}


def _as_reasoning(reply: dict[str, Json]) -> str:
    """What a host took for reasoning of a reply that ended well without content, if it did.

    Hosts that divide replies by tags do so where a model leaves the closing one out.
    """
    if str(_first_choice(reply).get("finish_reason")).lower() != "stop":
        return ""
    message = _first_message(reply)
    if message.get("refusal") or message.get("tool_calls"):
        return ""
    shown = message.get("reasoning_content") or message.get("reasoning")
    return shown if isinstance(shown, str) else ""


def _content(reply: dict[str, Json]) -> str:
    content = _first_message(reply).get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(map(_part_text, content))
    if not content:
        return _call_arguments(_first_message(reply).get("tool_calls"))
    if isinstance(content, dict) and content.keys() <= _OF_PARTS:
        return _part_text(content)
    return json.dumps(content, ensure_ascii=False)  # a host has parsed what the model wrote


def _call_arguments(calls: Json) -> str:
    """What the only call of a tool is given: gateways ask some models for JSON by way of a tool."""
    match calls:
        case [{"function": {"arguments": str(arguments)}}]:
            return arguments
        case [{"function": {"arguments": dict(arguments)}}]:
            return json.dumps(arguments, ensure_ascii=False)
    return ""


def _part_text(part: Json) -> str:
    """The text of a part; empty for one that is reasoning, an image or anything else."""
    if isinstance(part, str):
        return part
    if not isinstance(part, dict) or part.get("type", "text") not in ("text", "output_text"):
        return ""
    match part.get("text") or part.get("content"):
        case str(text) | {"value": str(text)}:
            return text
    return ""
