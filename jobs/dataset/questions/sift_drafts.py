"""Makes questions of what the teacher wrote in one call, and says of the others why not."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from engine.ask import Ask
from jobs.dataset.filters.filter_questions import find_grounded_question_fault, find_question_fault
from jobs.dataset.filters.source_text import SourceText
from jobs.dataset.questions.draw_kinds import KINDS
from jobs.dataset.structured_chat import parse_reply, sentence_numbers
from jobs.documents.passages import Passages
from jobs.text.content_words import content_overlap
from jobs.text.numbered_sentences import NumberedSentences
from jobs.text.untrusted_text import make_line, restore_tokens
from jobs.text.word_overlap import word_overlap
from schemas.dataset import Fault, Kind, Question, Rejection
from schemas.outcomes import Failed
from schemas.record import Span, Value, content_id
from schemas.requests import Json, Request
from schemas.settings import RunSettings

STAGE = "questions"
FURTHER_STAGE = "further_questions"
MAX_EVIDENCE_SENTENCES = 5
NOTHING_TO_ASK = "no_questions"  # the teacher's own word
ONE_PASSAGE = "evidence_in_one_passage"


class Draft(Value):
    """A question as the teacher wrote it; `evidence` are numbers of sentences."""

    evidence: tuple[int, ...]
    kind: Kind
    question: str


class _Reply(Value):
    questions: tuple[Draft, ...]


class Drafts(NamedTuple):
    """The questions of one reply, as they were written."""

    drafts: tuple[Draft, ...]
    request_id: str


class Shown(NamedTuple):
    """What the teacher was asked about, and its sentences as it was shown them."""

    passages: Passages
    sentences: NumberedSentences

    def source(self, evidence: Sequence[int]) -> SourceText:
        """What a question is checked against that rests on the sentences `evidence`."""
        return SourceText(self.sentences.text_of(evidence), *self.passages.in_order)


async def ask_for_drafts(request: Request, ask: Ask) -> Drafts | Fault:
    """What one call brings, or why it brings nothing. Raises what `Ask` raises."""
    outcome = await ask(request)
    if isinstance(outcome, Failed):
        return Fault(outcome.code, detail=outcome.message)
    reply = parse_reply(outcome, _Reply)
    if reply is None:
        return Fault("malformed_output")
    if not reply.questions:
        return Fault(NOTHING_TO_ASK)
    return Drafts(reply.questions, request.request_id)


def drafts_schema(sentence_count: int, question_count: int) -> dict[str, Json]:
    """The form of a reply: at most so many questions about so many sentences."""
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


def sift(
    reply: Drafts,
    shown: Shown,
    settings: RunSettings,
    before: Sequence[Question | Rejection] = (),
    *,
    stage: str = STAGE,
) -> list[Question | Rejection]:
    """Each draft as a question or a rejection of `stage`; repeated texts are rejected once."""
    results: dict[str, Question | Rejection] = {}
    seen = {_bare(each.text) for each in before}
    for draft in reply.drafts:
        text = restore_tokens(make_line(draft.question))
        question_id = _question_id(shown.passages, text)
        key = _bare(text)
        fault = _find_fault(draft, text, shown, settings)
        fault = Fault("repeated") if key in seen else fault
        seen.add(key)
        if fault is not None:
            rejection = Rejection.of(question_id, stage=stage, text=text, **fault._asdict())
            results[rejection.rejection_id] = rejection.with_draft(
                draft.kind, *_measured(draft, text, shown, settings)
            )
            continue
        chunk = shown.passages.chunk
        results[question_id] = Question(
            question_id=question_id,
            chunk_id=chunk.chunk_id,
            document_id=chunk.document_id,
            side=chunk.side,
            kind=draft.kind,
            text=text,
            evidence=shown.sentences.spans_of(draft.evidence),
            scores={"evidence_overlap": _overlap(draft, text, shown, settings)},
            request_id=reply.request_id,
            second_chunk_id=shown.passages.second_id,
        )
    return list(results.values())


def _question_id(passages: Passages, text: str) -> str:
    """The same text about other passages is another question."""
    seconds = [passages.second_id] if passages.second else []
    return content_id("question", passages.chunk.chunk_id, *seconds, text)


def _find_fault(draft: Draft, text: str, shown: Shown, settings: RunSettings) -> Fault | None:
    sentences = shown.sentences
    if not draft.evidence:
        return Fault("no_evidence")
    wrong = sentences.first_out_of_range(draft.evidence)
    if wrong is not None:
        return Fault("evidence_out_of_range", wrong, len(sentences.texts))
    if not sentences.are_of_every_chunk(draft.evidence):
        return Fault(ONE_PASSAGE)
    if settings.questions.filters == "phrases":
        return find_question_fault(text, sentences.text_of(draft.evidence), settings.questions)
    source = shown.source(draft.evidence)
    return find_grounded_question_fault(text, draft.kind, source, settings.questions)


def _measured(
    draft: Draft, text: str, shown: Shown, settings: RunSettings
) -> tuple[tuple[Span, ...], dict[str, float]]:
    """The evidence of a draft that is dropped, and its scores; none where it names no sentence."""
    if not draft.evidence or shown.sentences.first_out_of_range(draft.evidence) is not None:
        return (), {}
    overlap = _overlap(draft, text, shown, settings)
    return shown.sentences.spans_of(draft.evidence), {"evidence_overlap": overlap}


def _overlap(draft: Draft, text: str, shown: Shown, settings: RunSettings) -> float:
    source = shown.source(draft.evidence)
    if settings.questions.filters == "phrases":
        return round(content_overlap(text, source.evidence), 4)
    return round(word_overlap(text, source.near), 4)


def _bare(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
