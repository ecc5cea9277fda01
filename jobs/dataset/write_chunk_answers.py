"""Has the teacher answer all questions about a chunk in one call."""

from collections.abc import Sequence
from string import Template

import orjson
from pydantic import ValidationError

from engine.ask import Ask, await_all
from jobs.dataset.structured_chat import (
    call_teacher,
    instructions,
    make_structured_request,
    parse_reply,
    sentence_numbers,
)
from jobs.dataset.write_answers import (
    MAX_EVIDENCE_SENTENCES,
    STAGE,
    AnswerReply,
    judge_reply,
    write_answer,
)
from jobs.documents.passages import Passages
from jobs.prompts import read_prompt
from jobs.text.numbered_sentences import NumberedSentences, number_sentences
from jobs.text.untrusted_text import defuse_tokens, make_line
from schemas.dataset import Answer, Question, Rejection
from schemas.outcomes import Completed, Failed
from schemas.record import Record, Value, content_id
from schemas.requests import Json, Request
from schemas.settings import AnswerSettings, RunSettings

FURTHER_TOKENS = 300  # of output, for each question beyond the first


class ChunkQuestions(Record):
    """All kept questions about a chunk or a pair; the id names them: others are asked anew."""

    questions_id: str
    chunk_id: str
    second_chunk_id: str
    questions: tuple[Question, ...]

    @classmethod
    def of(cls, questions: Sequence[Question]) -> "ChunkQuestions":
        """Questions about the same passages, in the order in which they are asked."""
        chunk_id, second_chunk_id = questions[0].chunk_id, questions[0].second_chunk_id
        ids = [question.question_id for question in questions]
        questions_id = content_id("questions of a chunk", chunk_id, ids)
        return cls(
            questions_id=questions_id,
            chunk_id=chunk_id,
            second_chunk_id=second_chunk_id,
            questions=tuple(questions),
        )


class _Reply(Value):
    answers: tuple[dict[str, object], ...]


class _Entry(AnswerReply):
    question_number: int


async def write_chunk_answers(
    item: ChunkQuestions, passages: Passages, ask: Ask, settings: RunSettings
) -> list[Answer | Rejection]:
    """Ask the teacher all kept questions about the same passages at once.

    1 answer or rejection for each question, in their order. What a reply leaves out or gets wrong
    in form is asked again alone. Raises what `Ask` raises.
    """
    if len(item.questions) == 1:
        return [await write_answer(item.questions[0], passages, ask, settings)]
    sentences = number_sentences(*passages.in_order)
    outcome = await ask(_make_request(item, sentences, settings))
    entries = {} if isinstance(outcome, Failed) else _read_entries(outcome)
    alone = [q for n, q in enumerate(item.questions, start=1) if n not in entries]
    answers = await await_all(write_answer(each, passages, ask, settings) for each in alone)
    asked_alone = {each.question_id: answer for each, answer in zip(alone, answers, strict=True)}
    results: list[Answer | Rejection] = []
    for number, question in enumerate(item.questions, start=1):
        if number in entries and isinstance(outcome, Completed):
            reply = entries[number]
            results.append(judge_reply(reply, question, passages, sentences, outcome, settings))
        else:
            results.append(asked_alone[question.question_id])
    return results


def _read_entries(completed: Completed) -> dict[int, _Entry]:
    """The first sound entry for each number; an entry of another form costs no other one."""
    reply = parse_reply(completed, _Reply)
    entries: dict[int, _Entry] = {}
    for each in reply.answers if reply is not None else ():
        try:
            entry = _Entry.model_validate_json(orjson.dumps(each), strict=True)
        except ValidationError:
            continue  # it is missing, and so is asked for again
        entries.setdefault(entry.question_number, entry)
    return entries


def _make_request(
    item: ChunkQuestions, sentences: NumberedSentences, settings: RunSettings
) -> Request:
    questions = "\n".join(
        f"Question {number}: {defuse_tokens(make_line(question.text))}"
        for number, question in enumerate(item.questions, start=1)
    )
    user = Template(read_prompt("write_answers_user.md")).substitute(
        text=sentences.listing, questions=questions
    )
    return make_structured_request(
        call_teacher(settings, item.questions_id, STAGE, chunk_id=item.chunk_id),
        system=instructions("write_answers", settings),
        user=user,
        reply_schema=_reply_schema(len(sentences.texts), len(item.questions)),
        settings=_with_room(settings.answers, len(item.questions)),
    )


def _with_room(settings: AnswerSettings, count: int) -> AnswerSettings:
    limit = settings.max_output_tokens + (count - 1) * FURTHER_TOKENS
    return settings.model_copy(update={"max_output_tokens": limit})


def _reply_schema(sentence_count: int, question_count: int) -> dict[str, Json]:
    evidence = sentence_numbers(sentence_count, min_items=0, max_items=MAX_EVIDENCE_SENTENCES)
    entry: dict[str, Json] = {
        "type": "object",
        "properties": {
            "question_number": {"type": "integer", "minimum": 1, "maximum": question_count},
            "evidence": evidence,
            "answer": {"type": "string"},
        },
        "required": ["question_number", "evidence", "answer"],
        "additionalProperties": False,
    }
    answers: dict[str, Json] = {
        "type": "array",
        "items": entry,
        "minItems": question_count,
        "maxItems": question_count,
    }
    return {
        "type": "object",
        "properties": {"answers": answers},
        "required": ["answers"],
        "additionalProperties": False,
    }
