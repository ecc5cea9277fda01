"""Has the teacher answer a question with its passages in view."""

from string import Template

from engine.ask import Ask
from jobs.dataset.filters.filter_answers import find_answer_fault, find_grounded_answer_fault
from jobs.dataset.filters.source_text import SourceText
from jobs.dataset.questions.sift_drafts import ONE_PASSAGE
from jobs.dataset.structured_chat import (
    call_teacher,
    instructions,
    make_structured_request,
    parse_reply,
    sentence_numbers,
)
from jobs.documents.passages import Passages
from jobs.prompts import read_prompt
from jobs.text.content_words import content_overlap, copy_share
from jobs.text.numbered_sentences import NumberedSentences, number_sentences
from jobs.text.untrusted_text import defuse_tokens, make_line, make_plain, restore_tokens
from jobs.text.word_overlap import word_overlap
from schemas.dataset import Answer, Fault, Question, Rejection
from schemas.outcomes import Completed, Failed
from schemas.record import Span, Value, content_id
from schemas.requests import Json, Request
from schemas.settings import RunSettings

STAGE = "answers"
MAX_EVIDENCE_SENTENCES = 10
MAX_PASSAGE_SHARE = 0.95  # of an answer's telling words, beside the question's, in one of two


class AnswerReply(Value):
    """What the teacher says to one question."""

    evidence: tuple[int, ...]
    answer: str


async def write_answer(
    question: Question, passages: Passages, ask: Ask, settings: RunSettings
) -> Answer | Rejection:
    """Ask the teacher one kept question about what it was asked about.

    1 question in, 1 answer or 1 rejection out. Raises what `Ask` raises.
    """
    sentences = number_sentences(*passages.in_order)
    outcome = await ask(_make_request(question, sentences, settings))
    if isinstance(outcome, Failed):
        return Rejection.of(
            question.question_id,
            stage=STAGE,
            reason=outcome.code,
            detail=outcome.message,
            text=question.text,
        )
    reply = parse_reply(outcome, AnswerReply)
    if reply is None:
        return _reject(question, Fault("malformed_output"), question.text)
    return judge_reply(reply, question, passages, sentences, outcome, settings)


def _make_request(
    question: Question, sentences: NumberedSentences, settings: RunSettings
) -> Request:
    """The text precedes the question: the questions of a chunk share this much of the prompt."""
    prompt = read_prompt("write_answer_user.md")
    names = {"text": sentences.listing, "question": defuse_tokens(make_line(question.text))}
    return make_structured_request(
        call_teacher(
            settings,
            question.question_id,
            STAGE,
            chunk_id=question.chunk_id,
            shared_chars=len(Template(_before_question(prompt)).substitute(names)),
        ),
        system=instructions("write_answer", settings),
        user=Template(prompt).substitute(names),
        reply_schema=_reply_schema(len(sentences.texts)),
        settings=settings.answers,
    )


def _before_question(prompt: str) -> str:
    """What of a prompt stands before the line of its question: the same for all of a chunk."""
    for name in Template.pattern.finditer(prompt):
        if "question" in (name["named"], name["braced"]):
            return prompt[: name.start()].rpartition("\n")[0].rstrip()
    return ""


def _reply_schema(sentence_count: int) -> dict[str, Json]:
    evidence = sentence_numbers(sentence_count, min_items=0, max_items=MAX_EVIDENCE_SENTENCES)
    return {
        "type": "object",
        "properties": {"evidence": evidence, "answer": {"type": "string"}},
        "required": ["evidence", "answer"],
        "additionalProperties": False,
    }


def judge_reply(
    reply: AnswerReply,
    question: Question,
    passages: Passages,
    sentences: NumberedSentences,
    outcome: Completed,
    settings: RunSettings,
) -> Answer | Rejection:
    """What the filters make of a reply to one question; nothing is asked."""
    text = restore_tokens(make_plain(reply.answer)).strip()
    wrong = sentences.first_out_of_range(reply.evidence)
    if wrong is not None:
        fault = Fault("evidence_out_of_range", wrong, len(sentences.texts))
        return _reject(question, fault, text)
    evidence = sentences.text_of(reply.evidence)
    spans = sentences.spans_of(reply.evidence)
    source = SourceText(evidence, *passages.in_order)
    found = _find_passage_fault(reply, question, passages, sentences)
    found = found or _find_fault(text, question, source, spans, settings)
    scores = {
        "evidence_overlap": _overlap(text, source, settings),
        "copy_share": round(copy_share(text, source.chunk_text), 4),
    }
    if found is not None:
        return _reject(question, found, text).with_draft(question.kind, spans, scores)
    return Answer(
        answer_id=content_id("answer", question.question_id, text),
        question_id=question.question_id,
        chunk_id=question.chunk_id,
        document_id=question.document_id,
        side=question.side,
        text=text,
        evidence=spans,
        scores=scores,
        model=outcome.model,
        request_id=outcome.request_id,
        second_chunk_id=question.second_chunk_id,
    )


def _find_passage_fault(
    reply: AnswerReply, question: Question, passages: Passages, sentences: NumberedSentences
) -> Fault | None:
    """Whether one of two passages would do for an answer: by its evidence, or by its words."""
    if passages.second is None or not reply.answer.strip():
        return None
    if not sentences.are_of_every_chunk(reply.evidence):
        return Fault(ONE_PASSAGE)
    share = max(
        word_overlap(reply.answer, chunk.text, question.text) for chunk in passages.in_order
    )
    return (
        Fault("needs_one_passage", share, MAX_PASSAGE_SHARE) if share > MAX_PASSAGE_SHARE else None
    )


def _find_fault(
    text: str,
    question: Question,
    source: SourceText,
    evidence: tuple[Span, ...],
    settings: RunSettings,
) -> Fault | None:
    answers = settings.answers
    if answers.filters == "phrases":
        return find_answer_fault(text, question.text, source.evidence, source.chunk_text, answers)
    fault = find_grounded_answer_fault(text, question.text, source, answers)
    is_known = bool(question.evidence)  # a question from elsewhere names no sentences
    if fault is None and is_known and not _meet(evidence, question.evidence):
        return Fault("other_evidence")
    return fault


def _meet(spans: tuple[Span, ...], others: tuple[Span, ...]) -> bool:
    """Whether some text lies in both."""
    return any(
        a.start_char < b.end_char and b.start_char < a.end_char for a in spans for b in others
    )


def _overlap(text: str, source: SourceText, settings: RunSettings) -> float:
    if settings.answers.filters == "phrases":
        return round(content_overlap(text, source.evidence), 4)
    return round(word_overlap(text, source.near), 4)


def _reject(question: Question, fault: Fault, text: str) -> Rejection:
    return Rejection.of(
        question.question_id,
        stage=STAGE,
        text=text or question.text,
        **fault._asdict(),
    )
