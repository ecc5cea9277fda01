"""The prompts of the small-model profile: examples as chat turns, and a bounded reply."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import orjson

from engine.wire.tokens import MESSAGE_OVERHEAD_TOKENS, count_tokens
from jobs.prompts import read_prompt
from jobs.prompts.small_tables import ANSWERS, QUESTIONS, AnswerPrompt, QuestionPrompt
from jobs.text.untrusted_text import defuse_tokens, make_line
from schemas.dataset import Kind, Question
from schemas.parameters import NO_PARAMETERS
from schemas.record import Value
from schemas.requests import CHAT_COMPLETIONS, Json, Manner, Request, make_request

SEED = 0

_SINGLE_QUOTES = str.maketrans('"“”', "'''")
_SPECIAL = re.compile(r"[.()+?*{}|$]")


class QuestionReply(Value):
    """What the model says when asked for a question."""

    question: str


class AnswerReply(Value):
    """What the model says when asked for an answer."""

    answer: str


class Opening(NamedTuple):
    """What kind of question a sentence gets, and the pattern that the question follows."""

    kind: Kind
    pattern: str


def question_prompt() -> QuestionPrompt:
    """The prompt for questions, as its file has it: ours, or the user's own."""
    return _read_questions(read_prompt(QUESTIONS))


def answer_prompt() -> AnswerPrompt:
    """The prompt for answers, as its file has it: ours, or the user's own."""
    return _read_answers(read_prompt(ANSWERS))


@cache
def _read_questions(text: str) -> QuestionPrompt:
    return QuestionPrompt.model_validate(tomllib.loads(text))


@cache
def _read_answers(text: str) -> AnswerPrompt:
    return AnswerPrompt.model_validate(tomllib.loads(text))


def choose_opening(sentence: str) -> Opening | None:
    """How a question about `sentence` opens; None if its shape fits no rule."""
    prompt = question_prompt()
    plain = _plain(sentence)
    for rule in prompt.openings:
        if (match := re.match(prompt.filled(rule), plain)) is not None:
            return Opening(rule.kind, _fill_pattern(rule.pattern, match.groupdict(""), prompt.rest))
    return None


def _fill_pattern(pattern: str, found: Mapping[str, str], rest: str) -> str:
    for name, text in found.items():
        pattern = pattern.replace(f"{{{name}}}", _spelled(text) if name == "subject" else text)
    return pattern.replace("{rest}", rest)


def _spelled(text: str) -> str:
    """A pattern for `text` as it is, but that it may stand inside a sentence: `[Tt]he shell`."""
    pattern = _SPECIAL.sub(r"[\g<0>]", text.strip())
    first, second = text[:1], text[1:2]
    if first.isupper() and not second.isupper():
        return f"[{first}{first.lower()}]{pattern[1:]}"
    return pattern


def question_request(
    chunk_id: str,
    ordinal: int,
    *,
    sentence: str,
    opening: Opening,
    model: str,
    parameters: Mapping[str, Json] = NO_PARAMETERS,
) -> Request:
    """The request for one question about one sentence of a chunk."""
    prompt = question_prompt()
    turns = [(_show(example.sentence), example.reply) for example in prompt.examples]
    return _chat_request(
        chunk_id,
        ordinal,
        form=_Form("question", opening.pattern),
        messages=_messages(prompt.system, "question", turns, _show(sentence)),
        model=model,
        max_output_tokens=prompt.max_output_tokens,
        parameters=parameters,
    )


def answer_request(
    question: Question,
    *,
    sentence: str,
    model: str,
    parameters: Mapping[str, Json] = NO_PARAMETERS,
) -> Request:
    """The request for the answer to one question, from its evidence sentence alone."""
    prompt = answer_prompt()
    turns = [
        (_show(example.sentence, example.question), example.reply) for example in prompt.examples
    ]
    return _chat_request(
        question.question_id,
        0,
        form=_Form("answer", prompt.pattern),
        messages=_messages(prompt.system, "answer", turns, _show(sentence, question.text)),
        model=model,
        max_output_tokens=prompt.max_output_tokens,
        parameters=parameters,
    )


def _show(sentence: str, question: str | None = None) -> str:
    """What the model sees of them: one plain line each, without what would end a JSON string."""
    shown = f"Sentence: {_plain(sentence)}"
    return shown if question is None else f"{shown}\nQuestion: {_plain(question)}"


def _plain(text: str) -> str:
    return defuse_tokens(make_line(text)).translate(_SINGLE_QUOTES)


def _messages(system: str, field: str, turns: list[tuple[str, str]], last: str) -> list[Json]:
    messages: list[Json] = [{"role": "system", "content": system}]
    for shown, reply in turns:
        messages.append({"role": "user", "content": shown})
        messages.append({"role": "assistant", "content": orjson.dumps({field: reply}).decode()})
    messages.append({"role": "user", "content": last})
    return messages


class _Form(NamedTuple):
    """What a reply is to look like: an object with one field, whose text follows a pattern."""

    field: str
    pattern: str


def _chat_request(
    item_id: str,
    ordinal: int,
    *,
    form: _Form,
    messages: list[Json],
    model: str,
    max_output_tokens: int,
    parameters: Mapping[str, Json],
) -> Request:
    field, pattern = form
    schema: dict[str, Json] = {
        "type": "object",
        "properties": {field: {"type": "string", "pattern": pattern}},
        "required": [field],
        "additionalProperties": False,
    }
    body: dict[str, Json] = {
        "model": model,
        "messages": messages,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": field, "strict": True, "schema": schema},
        },
        "max_completion_tokens": max_output_tokens,
        "temperature": 0,
        "seed": SEED,
    }
    contents = [str(message["content"]) for message in messages if isinstance(message, dict)]
    return make_request(
        item_id,
        ordinal,
        url=CHAT_COMPLETIONS,
        body=body,
        purpose=f"small_{field}",
        prompt_tokens=sum(count_tokens(text) + MESSAGE_OVERHEAD_TOKENS for text in contents),
        manner=Manner(parameters=parameters),
    )
