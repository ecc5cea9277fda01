"""Has the teacher write questions about a chunk."""

import re
from collections.abc import Mapping
from itertools import accumulate
from string import Template
from typing import get_args

from engine.ask import Ask
from jobs.dataset.filter_questions import find_grounded_question_fault, find_question_fault
from jobs.dataset.source_text import SourceText
from jobs.dataset.structured_chat import (
    call_teacher,
    make_structured_request,
    parse_reply,
    sentence_numbers,
)
from jobs.prompts import read_prompt
from jobs.text.content_words import content_overlap
from jobs.text.numbered_sentences import NumberedSentences, number_sentences
from jobs.text.untrusted_text import make_line, restore_tokens
from jobs.text.word_overlap import word_overlap
from schemas.dataset import Fault, Kind, Question, Rejection
from schemas.documents import Chunk
from schemas.outcomes import Failed
from schemas.record import Span, Value, content_id
from schemas.requests import Json, Request
from schemas.settings import RunSettings

STAGE = "questions"
MAX_EVIDENCE_SENTENCES = 5


class _Draft(Value):
    evidence: tuple[int, ...]
    kind: Kind
    question: str


class _Reply(Value):
    questions: tuple[_Draft, ...]


async def write_questions(
    chunk: Chunk, ask: Ask, settings: RunSettings
) -> list[Question | Rejection]:
    """Ask the teacher once about `chunk`.

    1 chunk in; out come the questions worth keeping and one rejection for each that is not, in
    the order in which they were written, or one rejection of the chunk if there are none.
    Raises what `Ask` raises.
    """
    sentences = number_sentences(chunk)
    request = _make_request(chunk, sentences, settings)
    outcome = await ask(request)
    if isinstance(outcome, Failed):
        return [_reject_chunk(chunk, outcome.code, outcome.message)]
    reply = parse_reply(outcome, _Reply)
    if reply is None:
        return [_reject_chunk(chunk, "malformed_output")]
    if not reply.questions:
        return [_reject_chunk(chunk, "no_questions")]
    return _sift(reply.questions, chunk, sentences, settings, request.request_id)


def _make_request(chunk: Chunk, sentences: NumberedSentences, settings: RunSettings) -> Request:
    count = settings.questions.per_chunk
    weights = settings.questions.kind_weights
    if settings.questions.kinds == "chosen":
        kinds, name = wanted_kinds(weights), "write_questions_chosen_user.md"
    else:
        kinds, name = draw_kinds(chunk.chunk_id, count, weights), "write_questions_user.md"
    user = Template(read_prompt(name)).substitute(
        count=count, kinds=", ".join(kinds), text=sentences.listing
    )
    return make_structured_request(
        call_teacher(settings, chunk.chunk_id, STAGE, chunk_id=chunk.chunk_id),
        system=read_prompt("write_questions.md"),
        user=user,
        reply_schema=_reply_schema(len(sentences.texts), count),
        settings=settings.questions,
    )


def _reply_schema(sentence_count: int, question_count: int) -> dict[str, Json]:
    evidence = sentence_numbers(sentence_count, min_items=1, max_items=MAX_EVIDENCE_SENTENCES)
    draft: dict[str, Json] = {
        "type": "object",
        "properties": {
            "evidence": evidence,
            "kind": {"type": "string", "enum": list(KINDS)},
            "question": {"type": "string"},
        },
        "required": ["evidence", "kind", "question"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"questions": {"type": "array", "items": draft, "maxItems": question_count}},
        "required": ["questions"],
        "additionalProperties": False,
    }


def _sift(
    drafts: tuple[_Draft, ...],
    chunk: Chunk,
    sentences: NumberedSentences,
    settings: RunSettings,
    request_id: str,
) -> list[Question | Rejection]:
    """Each draft as a question or a rejection; a text that comes again is rejected once."""
    results: dict[str, Question | Rejection] = {}
    seen: set[str] = set()
    for draft in drafts:
        text = restore_tokens(make_line(draft.question))
        question_id = content_id("question", chunk.chunk_id, text)
        key = _bare(text)
        fault = _find_fault(draft, text, chunk, sentences, settings)
        fault = Fault("repeated") if key in seen else fault
        seen.add(key)
        if fault is not None:
            rejection = Rejection.of(question_id, stage=STAGE, text=text, **fault._asdict())
            results[rejection.rejection_id] = rejection.with_draft(
                draft.kind, *_measured(draft, text, chunk, sentences, settings)
            )
            continue
        results[question_id] = Question(
            question_id=question_id,
            chunk_id=chunk.chunk_id,
            document_id=chunk.document_id,
            side=chunk.side,
            kind=draft.kind,
            text=text,
            evidence=sentences.spans_of(draft.evidence),
            scores={"evidence_overlap": _overlap(draft, text, chunk, sentences, settings)},
            request_id=request_id,
        )
    return list(results.values())


def _find_fault(
    draft: _Draft, text: str, chunk: Chunk, sentences: NumberedSentences, settings: RunSettings
) -> Fault | None:
    if not draft.evidence:
        return Fault("no_evidence")
    wrong = sentences.first_out_of_range(draft.evidence)
    if wrong is not None:
        return Fault("evidence_out_of_range", wrong, len(sentences.texts))
    evidence = sentences.text_of(draft.evidence)
    if settings.questions.filters == "phrases":
        return find_question_fault(text, evidence, settings.questions)
    source = SourceText(evidence, chunk)
    return find_grounded_question_fault(text, draft.kind, source, settings.questions)


def _measured(
    draft: _Draft, text: str, chunk: Chunk, sentences: NumberedSentences, settings: RunSettings
) -> tuple[tuple[Span, ...], dict[str, float]]:
    """The evidence of a draft that is dropped, and its scores; none where it names no sentence."""
    if not draft.evidence or sentences.first_out_of_range(draft.evidence) is not None:
        return (), {}
    overlap = _overlap(draft, text, chunk, sentences, settings)
    return sentences.spans_of(draft.evidence), {"evidence_overlap": overlap}


def _overlap(
    draft: _Draft, text: str, chunk: Chunk, sentences: NumberedSentences, settings: RunSettings
) -> float:
    evidence = sentences.text_of(draft.evidence)
    if settings.questions.filters == "phrases":
        return round(content_overlap(text, evidence), 4)
    return round(word_overlap(text, SourceText(evidence, chunk).near), 4)


def _bare(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _reject_chunk(chunk: Chunk, reason: str, detail: str = "") -> Rejection:
    return Rejection.of(chunk.chunk_id, stage=STAGE, reason=reason, detail=detail, text=chunk.text)


KINDS: tuple[Kind, ...] = get_args(Kind)


def draw_kinds(chunk_id: str, count: int, weights: Mapping[Kind, float]) -> tuple[Kind, ...]:
    """`count` kinds for a chunk: the same in every process, their shares those of `weights`.

    Systematic sampling: one offset, drawn by a hash of the chunk id, and `count` equal steps
    over the weights laid end to end. A kind of weight w is drawn count * w / total times on
    average and never more than one time off, so few chunks suffice for the shares to show.
    """
    wanted = wanted_kinds(weights)
    ends = list(accumulate(weights[kind] for kind in wanted))
    step = ends[-1] / count
    offset = int(content_id("kinds", chunk_id)[:13], 16) / 16**13  # 52 bits: exact in a float
    return tuple(_kind_at((offset + index) * step, wanted, ends) for index in range(count))


def wanted_kinds(weights: Mapping[Kind, float]) -> tuple[Kind, ...]:
    """The kinds with a weight, in the order of `Kind`."""
    return tuple(kind for kind in KINDS if weights.get(kind, 0.0) > 0)


def _kind_at(position: float, kinds: tuple[Kind, ...], ends: list[float]) -> Kind:
    hits = (kind for kind, end in zip(kinds, ends, strict=True) if position < end)
    return next(hits, kinds[-1])
