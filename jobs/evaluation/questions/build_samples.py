"""Builds the questions of an evaluation, each with the text that it is judged against."""

import asyncio
import heapq
import logging
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice

from engine.errors import ConfigError, Deferred
from engine.files.records import RecordLog, encode_record
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stage import StagePass
from jobs.dataset.rows.chat_rows import place_of
from jobs.dataset.rows.near_chunks import NearChunks, read_near_chunks
from jobs.documents.chunk_documents import CHUNKS
from jobs.documents.dataset_chunks import chunk_of_dataset
from jobs.documents.passages import Passages, passages_of
from jobs.evaluation.questions.held_out_questions import (
    read_held_out_questions,
    read_truly_held_out,
)
from jobs.evaluation.questions.judge_excerpts import PURPOSE as JUDGE
from jobs.evaluation.questions.judge_excerpts import keep_unanswerable
from jobs.evaluation.questions.new_questions import (
    NEW_QUESTIONS,
    NewQuestion,
    choose_new_questions,
    sample_trained_chunks,
)
from jobs.evaluation.questions.retrieve_context import PURPOSE as RETRIEVAL
from jobs.evaluation.questions.retrieve_context import retrieve_chunks
from jobs.run.stages import Stage, StageContext
from jobs.text.content_words import content_words
from schemas.dataset import HeldOutQuestion, Kind
from schemas.documents import Chunk
from schemas.evaluation import Contest, Sample, Slice
from schemas.record import Span, content_id
from schemas.settings import EvaluationSettings, RunSettings

_log = logging.getLogger(__name__)


def held_out_samples(
    folder: RunFolder, chunks: RecordLog[Chunk], settings: EvaluationSettings
) -> list[Sample]:
    """A seeded draw of `max_held_out` of the held-out questions; reads them one at a time.

    Those whose evidence stands in training text by half are left out.

    Raises:
        ConfigError: a question's chunk is there no more: the dataset is not written anew yet.
        DamagedLogError: a line is damaged.
    """
    drawn = heapq.nsmallest(
        settings.max_held_out,
        read_truly_held_out(folder),
        key=lambda question: content_id("held_out", settings.seed, question.question_id),
    )
    return [_held_out_sample(question, chunks) for question in drawn]


def new_question_samples(questions: Iterable[NewQuestion]) -> Iterator[Sample]:
    """One sample for each new question, in their order."""
    for question, chunk in questions:
        yield _sample(
            "new_question",
            question.text,
            Passages(chunk),
            kind=question.kind,
            evidence=question.evidence,
        )


def near_unanswerable_samples(
    held_out: Sequence[Sample], chunks: RecordLog[Chunk], near: NearChunks
) -> Iterator[Sample]:
    """Held-out questions that have a text near to them that does not answer them, with that text.

    It is of the same document, shares words with the question, and lacks those of its evidence and
    reference: hard, as the unanswerable rows of the training are.
    """
    for sample in held_out:
        answer = f"{evidence_text(sample)} {sample.reference}"
        asked = Passages(*map(chunks.require, sample.chunk_ids))
        hard = near.hard_for(sample.question, answer, asked)
        if hard:
            shown = Passages(hard[0])
            yield _sample("unanswerable", sample.question, shown, kind=sample.kind, evidence=())


def unanswerable_samples(
    held_out: Sequence[Sample], others: Sequence[Sample], settings: EvaluationSettings
) -> Iterator[Sample]:
    """The first `max_unanswerable` held-out questions, each with a text that does not answer it.

    The text is the one, of all samples' contexts, that shares the fewest words with question and
    evidence: an answer cannot stand where its words do not. Without another text there is none.
    """
    donors = list({sample.context: sample for sample in (*held_out, *others)}.values())
    words = [content_words(donor.context) for donor in donors]
    for sample in held_out[: settings.max_unanswerable]:
        needed = content_words(f"{sample.question} {evidence_text(sample)}")
        donor = min(
            (place for place, each in enumerate(donors) if each.context != sample.context),
            key=lambda place: (len(needed & words[place]), donors[place].sample_id),
            default=None,
        )
        if donor is not None:
            yield _swapped(sample, donors[donor])


def known_samples(
    questions: Sequence[str], folder: RunFolder, chunks: RecordLog[Chunk]
) -> dict[str, Sample]:
    """The samples of those questions that are held-out questions of the run, by their text."""
    wanted = frozenset(questions)
    return {
        question.question: _held_out_sample(question, chunks)
        for question in read_held_out_questions(folder)
        if question.question in wanted
    }


def imported_sample(question: str, chunks: Sequence[Chunk]) -> Sample:
    """A question from elsewhere with the chunks that were found for it, the best first."""
    context = "\n\n".join(chunk.text for chunk in chunks)
    return Sample(
        sample_id=_sample_id("imported", question, context),
        slice="imported",
        question=question,
        context=context,
        path=chunks[0].path,
        title=place_of(*chunks),
        document_id=chunks[0].document_id,
        chunk_ids=tuple(chunk.chunk_id for chunk in chunks),
    )


def evidence_text(sample: Sample) -> str:
    """The sentences of the context that answer the question."""
    return " ".join(sample.context[span.start_char : span.end_char] for span in sample.evidence)


def _held_out_sample(question: HeldOutQuestion, chunks: RecordLog[Chunk]) -> Sample:
    return _sample(
        "held_out_document",
        question.question,
        passages_of(question, partial(chunk_of_dataset, chunks)),
        kind=question.kind,
        evidence=question.evidence,
        reference=question.reference,
    )


def _sample(
    part: Slice,
    question: str,
    passages: Passages,
    *,
    kind: Kind | None,
    evidence: Sequence[Span],
    reference: str = "",
) -> Sample:
    return Sample(
        sample_id=_sample_id(part, question, passages.text),
        slice=part,
        question=question,
        context=passages.text,
        path=passages.chunk.path,
        title=place_of(*passages.in_order),
        document_id=passages.chunk.document_id,
        chunk_ids=tuple(chunk.chunk_id for chunk in passages if chunk),
        kind=kind,
        evidence=passages.within(evidence),
        reference=reference,
    )


def _swapped(sample: Sample, donor: Sample) -> Sample:
    return donor.model_copy(
        update={
            "sample_id": _sample_id("unanswerable", sample.question, donor.context),
            "slice": "unanswerable",
            "question": sample.question,
            "kind": sample.kind,
            "evidence": (),
            "reference": "",
        }
    )


def _sample_id(part: Slice, question: str, context: str) -> str:
    return content_id("sample", part, question, context)


async def _build(context: StageContext[Contest]) -> StagePass:
    """Replace samples.jsonl by the questions of this call.

    Raises:
        ConfigError: there is no question; and what `retrieve_chunks` raises, but for Deferred.
    """
    folder, questions = context.folder, context.order.questions
    async with RecordLog(folder.results_path(CHUNKS.name), Chunk) as chunks:
        try:
            if questions is None:
                samples = await _own_samples(context, chunks)
            else:
                samples = await _imported_samples(questions, context, chunks)
        except Deferred:  # chunks are embedded, or texts are judged, in a batch
            return StagePass(deferred_count=len(questions or ()) or 1)
    if not samples:
        raise ConfigError(
            f"{folder.run_dir}: there is nothing to evaluate with: no question was held "
            "out; give a file with --questions, or make a run of more documents"
        )
    replace_file(folder.results_path(SAMPLES.name), map(encode_record, samples))
    return StagePass()


async def _own_samples(context: StageContext[Contest], chunks: RecordLog[Chunk]) -> list[Sample]:
    folder, settings = context.folder, context.settings
    held_out = await asyncio.to_thread(held_out_samples, folder, chunks, settings.evaluation)
    new = await asyncio.to_thread(_new_samples, folder, settings)
    hard = await asyncio.to_thread(_hard_samples, held_out, context, chunks)
    if judges_texts(settings, context.order):
        found, hard = hard, await keep_unanswerable(hard, chunks, context)
        if len(hard) < len(found) and not folder.results_path(SAMPLES.name).exists():
            text = "unanswerable questions: in %d of %d texts nearby the judge does find an answer"
            _log.info(text, len(found) - len(hard), len(found))
    return [*held_out, *new, *hard, *_easy_samples(held_out, new, hard, settings.evaluation)]


def judges_texts(settings: RunSettings, contest: Contest) -> bool:
    """Whether the judge is asked if texts lack the answer; closed-book no model sees them."""
    return settings.evaluation.unanswerable_texts == "judged" and contest.mode != "closed"


def _new_samples(folder: RunFolder, settings: RunSettings) -> list[Sample]:
    trained = sample_trained_chunks(folder, settings)
    return list(new_question_samples(choose_new_questions(folder, trained, settings)))


def _hard_samples(
    held_out: Sequence[Sample], context: StageContext[Contest], chunks: RecordLog[Chunk]
) -> list[Sample]:
    settings = context.settings.evaluation
    if settings.unanswerable_texts == "far":
        return []
    near = read_near_chunks(context.folder, chunks, "held_out")
    found = near_unanswerable_samples(held_out, chunks, near)
    return list(islice(found, settings.max_unanswerable))


def _easy_samples(
    held_out: Sequence[Sample],
    others: Sequence[Sample],
    hard: Sequence[Sample],
    settings: EvaluationSettings,
) -> Iterator[Sample]:
    """Of questions without a hard text, as many as are still wanted, with easy ones."""
    taken = {sample.question for sample in hard}
    rest = [sample for sample in held_out if sample.question not in taken]
    easy = unanswerable_samples(rest, [*held_out, *others], settings)
    return islice(easy, settings.max_unanswerable - len(hard))


async def _imported_samples(
    questions: Sequence[str], context: StageContext[Contest], chunks: RecordLog[Chunk]
) -> list[Sample]:
    known = await asyncio.to_thread(known_samples, questions, context.folder, chunks)
    unknown = [question for question in questions if question not in known]
    ranking = await retrieve_chunks(unknown, chunks.path, context.settings, context.ask)
    found = dict(zip(unknown, ranking, strict=True))
    return [
        known.get(question)
        or imported_sample(question, [chunks.require(each) for each in found[question]])
        for question in questions
    ]


SAMPLES: Stage[Contest] = Stage(
    name="evaluation/samples",
    label="evaluation questions",
    result=Sample,
    reads=(CHUNKS.name, NEW_QUESTIONS.name),
    work=_build,
    purposes=(RETRIEVAL, JUDGE),
    is_written_anew=True,
)
