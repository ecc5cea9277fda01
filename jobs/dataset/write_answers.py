"""Has the teacher answer a question with its chunk in view."""

from string import Template

from engine.ask import Ask
from jobs.dataset.filter_answers import find_answer_fault
from jobs.dataset.structured_chat import (
    Prompt,
    make_structured_request,
    parse_reply,
    sentence_numbers,
)
from jobs.prompts import read_prompt
from jobs.text.content_words import content_overlap, copy_share
from jobs.text.numbered_sentences import NumberedSentences, number_sentences
from jobs.text.untrusted_text import defuse_tokens, make_line, make_plain, restore_tokens
from schemas.dataset import Answer, Fault, Question, Rejection
from schemas.documents import Chunk
from schemas.outcomes import Completed, Failed
from schemas.record import Value, content_id
from schemas.requests import Json, Request
from schemas.settings import RunSettings

STAGE = "answers"
MAX_EVIDENCE_SENTENCES = 10


class _Reply(Value):
    evidence: tuple[int, ...]
    answer: str


async def write_answer(
    question: Question, chunk: Chunk, ask: Ask, settings: RunSettings
) -> Answer | Rejection:
    """Ask the teacher one kept question about the chunk it came from.

    1 question in, 1 answer or 1 rejection out. Raises what `Ask` raises.
    """
    sentences = number_sentences(chunk)
    outcome = await ask(_make_request(question, sentences, settings))
    if isinstance(outcome, Failed):
        return Rejection.of(
            question.question_id,
            stage=STAGE,
            reason=outcome.code,
            detail=outcome.message,
            text=question.text,
        )
    reply = parse_reply(outcome, _Reply)
    if reply is None:
        return _reject(question, Fault("malformed_output"), question.text)
    return _judge(reply, question, chunk, sentences, outcome, settings)


def _make_request(
    question: Question, sentences: NumberedSentences, settings: RunSettings
) -> Request:
    """The text precedes the question: the questions of a chunk share this much of the prompt."""
    user = Template(read_prompt("write_answer_user.md")).substitute(
        text=sentences.listing, question=defuse_tokens(make_line(question.text))
    )
    return make_structured_request(
        question.question_id,
        purpose=STAGE,
        prompt=Prompt(
            read_prompt("write_answer.md"),
            user,
            question.chunk_id,
            shared_chars=len(sentences.listing),
        ),
        reply_schema=_reply_schema(len(sentences.texts)),
        stage=settings.answers,
        settings=settings,
    )


def _reply_schema(sentence_count: int) -> dict[str, Json]:
    evidence = sentence_numbers(sentence_count, min_items=0, max_items=MAX_EVIDENCE_SENTENCES)
    return {
        "type": "object",
        "properties": {"evidence": evidence, "answer": {"type": "string"}},
        "required": ["evidence", "answer"],
        "additionalProperties": False,
    }


def _judge(
    reply: _Reply,
    question: Question,
    chunk: Chunk,
    sentences: NumberedSentences,
    outcome: Completed,
    settings: RunSettings,
) -> Answer | Rejection:
    text = restore_tokens(make_plain(reply.answer)).strip()
    wrong = sentences.first_out_of_range(reply.evidence)
    if wrong is not None:
        fault = Fault("evidence_out_of_range", wrong, len(sentences.texts))
        return _reject(question, fault, text)
    evidence = sentences.text_of(reply.evidence)
    found = find_answer_fault(text, question.text, evidence, chunk.text, settings.answers)
    if found is not None:
        return _reject(question, found, text)
    return Answer(
        answer_id=content_id("answer", question.question_id, text),
        question_id=question.question_id,
        chunk_id=question.chunk_id,
        document_id=question.document_id,
        side=question.side,
        text=text,
        evidence=sentences.spans_of(reply.evidence),
        scores={
            "evidence_overlap": round(content_overlap(text, evidence), 4),
            "copy_share": round(copy_share(text, chunk.text), 4),
        },
        model=outcome.model,
        request_id=outcome.request_id,
    )


def _reject(question: Question, fault: Fault, text: str) -> Rejection:
    return Rejection.of(
        question.question_id,
        stage=STAGE,
        reason=fault.reason,
        score=fault.score,
        threshold=fault.threshold,
        text=text or question.text,
    )
