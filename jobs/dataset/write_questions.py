"""Has the teacher write questions about a chunk."""

import re
from collections import Counter
from collections.abc import Sequence
from string import Template
from typing import NamedTuple

from engine.ask import Ask
from jobs.dataset.draw_kinds import KINDS, draw_kinds, wanted_kinds
from jobs.dataset.filter_questions import find_grounded_question_fault, find_question_fault
from jobs.dataset.source_text import SourceText
from jobs.dataset.structured_chat import (
    call_teacher,
    instructions,
    make_structured_request,
    parse_reply,
    sentence_numbers,
)
from jobs.prompts import read_prompt
from jobs.text.content_words import content_overlap
from jobs.text.numbered_sentences import NumberedSentences, number_sentences
from jobs.text.untrusted_text import defuse_tokens, make_line, restore_tokens
from jobs.text.word_overlap import word_overlap
from schemas.dataset import Fault, Kind, Question, Rejection
from schemas.documents import Chunk
from schemas.outcomes import Failed
from schemas.record import Span, Value, content_id
from schemas.requests import Json, Request
from schemas.settings import QuestionSettings, RunSettings
from schemas.touches import Touches

STAGE = "questions"
MAX_EVIDENCE_SENTENCES = 5
NOTHING_TO_ASK = "no_questions"  # the teacher's own word


class _Draft(Value):
    evidence: tuple[int, ...]
    kind: Kind
    question: str


class _Reply(Value):
    questions: tuple[_Draft, ...]


class _Drafts(NamedTuple):
    """The questions of one reply, as they were written."""

    drafts: tuple[_Draft, ...]
    request_id: str


Written = list[Question | Rejection]


async def write_questions(chunk: Chunk, ask: Ask, settings: RunSettings) -> Written:
    """Ask the teacher about `chunk`, and once more where too little of what it wrote is kept.

    1 chunk in; out come the questions worth keeping and one rejection for each that is not, in
    the order in which they were written, or one rejection of the chunk if there are none.
    Raises what `Ask` raises.
    """
    sentences = number_sentences(chunk)
    first = await _ask_once(chunk, sentences, (), ask, settings)
    if isinstance(first, Rejection):
        return [first]
    written = _sift(first, chunk, sentences, settings)
    usual = _with_usual_filters(settings)
    by_usual = written if usual == settings else _sift(first, chunk, sentences, usual)
    if not _is_short(by_usual, settings):
        return written
    further = await _ask_once(chunk, sentences, by_usual, ask, settings)
    if isinstance(further, Rejection):
        return written if further.reason == NOTHING_TO_ASK else [*written, further]
    return written + _sift(further, chunk, sentences, settings, before=written)


def tops_up(settings: RunSettings) -> bool:
    """Whether a chunk may be asked about once more."""
    return settings.questions.top_up_below > 0 and settings.teacher.prompt_profile != "small"


def _with_usual_filters(settings: RunSettings) -> RunSettings:
    """The settings with every threshold as it is by default.

    Whether more is asked goes by these: another threshold costs nothing.
    """
    usual = {name: QuestionSettings.model_fields[name].get_default() for name in _THRESHOLDS}
    questions = settings.questions.model_copy(update=usual)
    return settings.model_copy(update={"questions": questions})


_THRESHOLDS = [
    name
    for name, field in QuestionSettings.model_fields.items()
    if any(isinstance(said, Touches) and said.effect == "threshold" for said in field.metadata)
]


def _is_short(written: Written, settings: RunSettings) -> bool:
    """Whether filters have left a chunk without enough questions.

    A teacher that found less to ask has said so: it is not asked again.
    """
    kept = _count_kept(written)
    is_any_dropped = kept < len(written)
    return is_any_dropped and kept < settings.questions.top_up_below * settings.questions.per_chunk


def _count_kept(written: Sequence[Question | Rejection]) -> int:
    return sum(isinstance(each, Question) for each in written)


async def _ask_once(
    chunk: Chunk,
    sentences: NumberedSentences,
    before: Sequence[Question | Rejection],
    ask: Ask,
    settings: RunSettings,
) -> _Drafts | Rejection:
    """What one call brings; `before` are the questions of the first one, if it is the second."""
    request = _make_request(chunk, sentences, before, settings)
    outcome = await ask(request)
    if isinstance(outcome, Failed):
        return _reject_chunk(chunk, outcome.code, outcome.message)
    reply = parse_reply(outcome, _Reply)
    if reply is None:
        return _reject_chunk(chunk, "malformed_output")
    if not reply.questions:
        return _reject_chunk(chunk, NOTHING_TO_ASK)
    return _Drafts(reply.questions, request.request_id)


def _make_request(
    chunk: Chunk,
    sentences: NumberedSentences,
    before: Sequence[Question | Rejection],
    settings: RunSettings,
) -> Request:
    count = settings.questions.per_chunk - _count_kept(before)
    user = Template(read_prompt(_user_prompt(settings))).substitute(
        count=count, kinds=", ".join(_kinds(chunk, before, settings)), text=sentences.listing
    )
    if personas := settings.questions.personas:
        persona = personas[int(content_id("persona", chunk.chunk_id)[:13], 16) % len(personas)]
        prompt = Template(read_prompt("write_questions_persona_user.md"))
        user = f"{user}\n\n{prompt.substitute(persona=persona)}"
    if before:
        asked = "\n".join(f"- {defuse_tokens(make_line(each.text))}" for each in before)
        further = Template(read_prompt("write_questions_further_user.md")).substitute(asked=asked)
        user = f"{user}\n\n{further}"
    return make_structured_request(
        call_teacher(
            settings, chunk.chunk_id, STAGE, chunk_id=chunk.chunk_id, ordinal=int(bool(before))
        ),
        system=instructions("write_questions", settings),
        user=user,
        reply_schema=_reply_schema(len(sentences.texts), count),
        settings=settings.questions,
    )


def _user_prompt(settings: RunSettings) -> str:
    is_chosen = settings.questions.kinds == "chosen"
    return "write_questions_chosen_user.md" if is_chosen else "write_questions_user.md"


def _kinds(
    chunk: Chunk, before: Sequence[Question | Rejection], settings: RunSettings
) -> Sequence[Kind]:
    """Those to choose from, or those drawn for the chunk of which no question is kept yet."""
    questions = settings.questions
    if questions.kinds == "chosen":
        return wanted_kinds(questions.kind_weights)
    drawn = draw_kinds(chunk.chunk_id, questions.per_chunk, questions.kind_weights)
    left = Counter(drawn) - Counter(each.kind for each in before if isinstance(each, Question))
    return tuple(left.elements()) or drawn


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
    reply: _Drafts,
    chunk: Chunk,
    sentences: NumberedSentences,
    settings: RunSettings,
    before: Sequence[Question | Rejection] = (),
) -> Written:
    """Each draft as a question or a rejection; a text that comes again is rejected once."""
    results: dict[str, Question | Rejection] = {}
    seen = {_bare(each.text) for each in before}
    for draft in reply.drafts:
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
            request_id=reply.request_id,
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
