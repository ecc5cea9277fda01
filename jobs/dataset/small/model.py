"""The prompt profile for small models: evidence by code, one sentence at a time, strict filters."""

import re
from typing import NamedTuple

from engine.ask import Ask
from jobs.dataset.filters.filter_answers import find_answer_fault
from jobs.dataset.filters.filter_questions import find_question_fault
from jobs.dataset.questions.sift_drafts import STAGE as QUESTIONS_NAME
from jobs.dataset.small.prompts import (
    AnswerReply,
    QuestionReply,
    answer_prompt,
    answer_request,
    question_prompt,
    question_request,
)
from jobs.dataset.small.sentences import PickedSentence, pick_sentences
from jobs.dataset.structured_chat import parse_reply
from jobs.dataset.write_answers import STAGE as ANSWERS_NAME
from jobs.documents.passages import Passages
from jobs.text.content_words import content_overlap, content_words
from jobs.text.repeats.text_similarity import Pair, SimilarityFailure, measure_similarity
from jobs.text.untrusted_text import make_line
from schemas.dataset import Answer, Fault, Question, Rejection
from schemas.documents import Chunk
from schemas.outcomes import Completed, Failed
from schemas.record import Span, content_id
from schemas.settings import AnswerSettings, QuestionSettings, RunSettings

SIMILARITY_ORDINAL = 1000  # of a chunk's one embedding call, after all that ask for questions


class _Draft(NamedTuple):
    question: Question
    sentence: str


async def write_small_questions(
    chunk: Chunk, ask: Ask, settings: RunSettings
) -> list[Question | Rejection]:
    """Ask one question about each of a few sentences that stand alone.

    1 chunk in, 1..per_chunk questions or rejections out, in the order of the sentences. One
    chat call a sentence, then one embedding call for the questions that passed the free filters.
    Raises what `ask` raises.
    """
    picked = pick_sentences(chunk.text, settings.questions.per_chunk)
    if not picked:
        return [Rejection.of(chunk.chunk_id, stage=QUESTIONS_NAME, reason="no_standalone_sentence")]
    results: list[Question | Rejection] = []
    drafts: dict[str, _Draft] = {}
    for ordinal, sentence in enumerate(picked):
        draft = await _draft_question(chunk, sentence, ordinal, ask=ask, settings=settings)
        if isinstance(draft, Rejection):
            results.append(draft)
        elif draft.question.question_id in drafts:
            results.append(_reject_question(draft.question, Fault("repeated")))
        else:
            drafts[draft.question.question_id] = draft
    return results + await _keep_similar(chunk, list(drafts.values()), ask=ask, settings=settings)


async def write_small_answer(
    question: Question, passages: Passages, ask: Ask, settings: RunSettings
) -> Answer | Rejection:
    """Answer one question from its evidence sentence. 1 question in, 1 answer or rejection out.

    One chat call, then one embedding call if the answer passed the free filters. Raises what
    `ask` raises.
    """
    chunk = passages.chunk
    sentence = _text_of(question.evidence, chunk)
    request = answer_request(
        question,
        sentence=sentence,
        model=settings.teacher.model,
        parameters=settings.teacher.parameters,
    )
    outcome = await ask(request)
    if isinstance(outcome, Failed):
        return _reject_answer(question, Fault(outcome.code), detail=outcome.message)
    reply = parse_reply(outcome, AnswerReply)
    if reply is None:
        return _reject_answer(question, Fault("malformed_output"))
    text = make_line(reply.answer)
    fault = _find_answer_fault(text, question.text, sentence, chunk.text, settings.answers)
    if fault is not None:
        return _reject_answer(question, fault, text=text)
    answer = _make_answer(question, text, sentence, outcome)
    return await _keep_similar_answer(answer, question, ask=ask, settings=settings)


def _make_answer(question: Question, text: str, sentence: str, outcome: Completed) -> Answer:
    return Answer(
        answer_id=content_id("answer", question.question_id, text),
        question_id=question.question_id,
        chunk_id=question.chunk_id,
        document_id=question.document_id,
        side=question.side,
        text=text,
        evidence=question.evidence,
        scores={"evidence_overlap": round(content_overlap(text, sentence), 4)},
        model=outcome.model,
        request_id=outcome.request_id,
    )


async def _draft_question(
    chunk: Chunk, picked: PickedSentence, ordinal: int, *, ask: Ask, settings: RunSettings
) -> _Draft | Rejection:
    request = question_request(
        chunk.chunk_id,
        ordinal,
        sentence=picked.text,
        opening=picked.opening,
        model=settings.teacher.model,
        parameters=settings.teacher.parameters,
    )
    outcome = await ask(request)
    if isinstance(outcome, Failed):
        return _reject_sentence(chunk, picked, Fault(outcome.code), detail=outcome.message)
    reply = parse_reply(outcome, QuestionReply)
    if reply is None:
        return _reject_sentence(chunk, picked, Fault("malformed_output"))
    text = make_line(reply.question)
    question = Question(
        question_id=content_id("question", chunk.chunk_id, text),
        chunk_id=chunk.chunk_id,
        document_id=chunk.document_id,
        side=chunk.side,
        kind=picked.opening.kind,
        text=text,
        evidence=(_shift(picked.span, chunk.start_char),),
        scores={"evidence_overlap": round(content_overlap(text, picked.text), 4)},
        request_id=outcome.request_id,
    )
    fault = _find_question_fault(text, picked.text, settings.questions)
    return _Draft(question, picked.text) if fault is None else _reject_question(question, fault)


async def _keep_similar(
    chunk: Chunk, drafts: list[_Draft], *, ask: Ask, settings: RunSettings
) -> list[Question | Rejection]:
    """The questions that mean the same thing as their sentence; the others rejected."""
    if not drafts:
        return []
    measured = await measure_similarity(
        chunk.chunk_id,
        SIMILARITY_ORDINAL,
        pairs=[Pair(draft.question.text, make_line(draft.sentence)) for draft in drafts],
        ask=ask,
        model=settings.teacher.embedding_model,
    )
    if isinstance(measured, SimilarityFailure):
        fault = Fault(measured.reason)
        return [_reject_question(draft.question, fault, measured.detail) for draft in drafts]
    floor = max(settings.questions.min_evidence_similarity, question_prompt().min_similarity)
    return [
        _with_score(draft.question, "evidence_similarity", similarity)
        if similarity >= floor
        else _reject_question(draft.question, Fault("evidence_dissimilar", similarity, floor))
        for draft, similarity in zip(drafts, measured, strict=True)
    ]


async def _keep_similar_answer(
    answer: Answer, question: Question, *, ask: Ask, settings: RunSettings
) -> Answer | Rejection:
    """The answer, if it is about what was asked."""
    measured = await measure_similarity(
        question.question_id,
        1,
        pairs=[Pair(question.text, answer.text)],
        ask=ask,
        model=settings.teacher.embedding_model,
    )
    if isinstance(measured, SimilarityFailure):
        return _reject_answer(question, Fault(measured.reason), detail=measured.detail)
    (similarity,) = measured
    floor = max(settings.answers.min_question_similarity, answer_prompt().min_similarity)
    if similarity < floor:
        fault = Fault("question_dissimilar", similarity, floor)
        return _reject_answer(question, fault, text=answer.text)
    return answer.model_copy(
        update={"scores": {**answer.scores, "question_similarity": similarity}}
    )


def _find_question_fault(text: str, sentence: str, settings: QuestionSettings) -> Fault | None:
    prompt = question_prompt()
    overlap = max(settings.min_evidence_overlap, prompt.min_evidence_overlap)
    strict = settings.model_copy(update={"min_evidence_overlap": overlap})
    if (fault := find_question_fault(text, sentence, strict)) is not None:
        return fault
    if re.search(prompt.unfinished, text) is not None:
        return Fault("unfinished")
    told = content_overlap(sentence, text)
    if told > prompt.max_told_share:
        return Fault("tells_its_answer", told, prompt.max_told_share)
    return None


def _find_answer_fault(
    text: str, question: str, sentence: str, chunk_text: str, settings: AnswerSettings
) -> Fault | None:
    prompt = answer_prompt()
    overlap = max(settings.min_evidence_overlap, prompt.min_evidence_overlap)
    strict = settings.model_copy(update={"min_evidence_overlap": overlap, "filters": "phrases"})
    if (fault := find_answer_fault(text, question, sentence, chunk_text, strict)) is not None:
        return fault
    if text.split()[0] == question.split()[0]:
        return Fault("echoes_question")
    if (share := len(text) / len(sentence)) > prompt.max_length_share:
        return Fault("longer_than_evidence", share, prompt.max_length_share)
    new_count = len((content_words(text) & content_words(sentence)) - content_words(question))
    if new_count < prompt.min_new_words:
        return Fault("adds_nothing", new_count, prompt.min_new_words)
    return None


def _text_of(evidence: tuple[Span, ...], chunk: Chunk) -> str:
    in_chunk = (_shift(span, -chunk.start_char) for span in evidence)
    return " ".join(chunk.text[span.start_char : span.end_char] for span in in_chunk)


def _shift(span: Span, by_chars: int) -> Span:
    return Span(start_char=span.start_char + by_chars, end_char=span.end_char + by_chars)


def _with_score(question: Question, name: str, score: float) -> Question:
    return question.model_copy(update={"scores": {**question.scores, name: score}})


def _reject_sentence(
    chunk: Chunk, picked: PickedSentence, fault: Fault, detail: str = ""
) -> Rejection:
    span = _shift(picked.span, chunk.start_char)
    item_id = content_id("sentence", chunk.chunk_id, span.start_char, span.end_char)
    return _reject(item_id, QUESTIONS_NAME, fault, text=picked.text, detail=detail)


def _reject_question(question: Question, fault: Fault, detail: str = "") -> Rejection:
    return _reject(question.question_id, QUESTIONS_NAME, fault, text=question.text, detail=detail)


def _reject_answer(
    question: Question, fault: Fault, *, text: str = "", detail: str = ""
) -> Rejection:
    return _reject(question.question_id, ANSWERS_NAME, fault, text=text, detail=detail)


def _reject(item_id: str, stage: str, fault: Fault, *, text: str, detail: str) -> Rejection:
    return Rejection.of(
        item_id,
        stage=stage,
        reason=fault.reason,
        score=fault.score,
        threshold=fault.threshold,
        detail=detail,
        text=text,
    )
