"""New questions about text that was trained on: the teacher is asked again about some chunks."""

import heapq
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import NamedTuple

from engine.ask import Ask, with_purpose
from engine.files.records import read_records
from engine.run_folder import RunFolder
from engine.stage import StageFiles
from jobs.dataset.pairs.pair_ids import text_ids
from jobs.dataset.profiles import PROFILES, unused_question_prompts
from jobs.dataset.questions.keep_questions import KEPT_QUESTIONS
from jobs.documents.chunk_documents import CHUNKS
from jobs.prompts import prompt_hashes
from jobs.run.stages import Items, ItemWork, Stage, StageContext, only_settings
from jobs.settings.former_defaults import settings_for_ids
from jobs.text.repeats.near_duplicates import NearDuplicates
from schemas.dataset import Provenance, Question, Rejection
from schemas.documents import Chunk
from schemas.evaluation import Contest
from schemas.record import Span, content_id
from schemas.settings import RunSettings

STAGE = "evaluation/new_questions"
PURPOSE = "evaluation_questions"
MAX_PER_CHUNK = 20  # of questions.per_chunk

_QUESTION_PROMPTS = frozenset(name for p in PROFILES.values() for name in p.question_prompts)


class TrainedChunk(NamedTuple):
    """A chunk of the training rows, and a copy with another id under which it is asked about."""

    chunk: Chunk
    asked: Chunk


class NewQuestion(NamedTuple):
    """A question that no training row holds, and the chunk that it is about."""

    question: Question
    chunk: Chunk


def sample_trained_chunks(folder: RunFolder, settings: RunSettings) -> list[TrainedChunk]:
    """`max_new_questions` chunks with rows in train.jsonl, in the order of a seeded draw.

    The other id brings other kinds of question; it is a new one whenever the teacher, the prompts
    or the settings of questions change.
    """
    count = settings.evaluation.max_new_questions
    drawn = heapq.nsmallest(count * MAX_PER_CHUNK, _draws(folder, settings.evaluation.seed))
    ids = list(dict.fromkeys(chunk_id for _, chunk_id in drawn))[:count]
    chunks = {
        chunk.chunk_id: chunk
        for chunk in read_records(
            folder.results_path(CHUNKS.name), Chunk, is_wanted=frozenset(ids).__contains__
        )
    }
    return [_asked_anew(chunks[chunk_id], settings) for chunk_id in ids if chunk_id in chunks]


async def ask_new_questions(
    chunk: Chunk, ask: Ask, settings: RunSettings
) -> list[Question | Rejection]:
    """Have questions written about `chunk` as the dataset's are, twice as many.

    1 chunk in, 1..n questions or 1 rejection out. Raises what `ask` raises.
    """
    count = min(2 * settings.questions.per_chunk, MAX_PER_CHUNK)
    questions = settings.questions.model_copy(update={"per_chunk": count, "top_up_below": 0.0})
    write = PROFILES[settings.teacher.prompt_profile].write_questions
    written = await write(
        chunk, with_purpose(ask, PURPOSE), settings.model_copy(update={"questions": questions})
    )
    kept: list[Question | Rejection] = [q for q in written if isinstance(q, Question)]
    return kept or [_reject(chunk, written)]


def choose_new_questions(
    folder: RunFolder, trained: Sequence[TrainedChunk], settings: RunSettings
) -> list[NewQuestion]:
    """The first question of each chunk that asks what no other of the run does, nor one before.

    It is compared by its words with all, and by its evidence with the training rows of its chunk.
    """
    chosen = []
    asked_ids = {each.asked.chunk_id for each in trained}
    written: dict[str, list[Question]] = {}
    for question in read_records(folder.results_path(STAGE), Question):
        if question.chunk_id in asked_ids:
            written.setdefault(question.chunk_id, []).append(question)
    seen = NearDuplicates(settings.questions.max_near_duplicate)
    for known in read_records(folder.results_path(KEPT_QUESTIONS.name), Question):
        seen.remember(known.question_id, known.text)
    evidence = _trained_evidence(folder, {each.chunk.chunk_id for each in trained})
    largest = settings.evaluation.max_shared_evidence
    for each in trained:
        for question in written.get(each.asked.chunk_id, ()):
            shared = _shared(_chars(question.evidence), evidence.get(each.chunk.chunk_id, ()))
            if shared <= largest and seen.add(question.question_id, question.text) is None:
                chosen.append(NewQuestion(question, each.chunk))
                break
    return chosen


def _trained_evidence(
    folder: RunFolder, chunk_ids: Container[str]
) -> Mapping[str, Sequence[frozenset[int]]]:
    """By chunk, what the question of each of its training rows rests on."""
    evidence: defaultdict[str, list[frozenset[int]]] = defaultdict(list)
    for row in read_records(folder.dataset_dir / "provenance.jsonl", Provenance):
        for chunk_id in text_ids(row):
            if chunk_id in chunk_ids and row.question_evidence:
                evidence[chunk_id].append(_chars(row.question_evidence))
    return evidence


def _chars(evidence: Sequence[Span]) -> frozenset[int]:
    """The characters of the document that are evidence."""
    return frozenset(n for span in evidence for n in range(span.start_char, span.end_char))


def _shared(chars: frozenset[int], others: Sequence[frozenset[int]]) -> float:
    """The largest share of common evidence with one of the others, of the evidence of both."""
    return max((len(chars & each) / len(chars | each) for each in others), default=0.0)


def _draws(folder: RunFolder, seed: int) -> Iterator[tuple[str, str]]:
    for row in read_records(folder.dataset_dir / "provenance.jsonl", Provenance):
        if row.file == "train.jsonl":
            yield content_id("new_question", seed, row.chunk_id), row.chunk_id


def _asked_anew(chunk: Chunk, settings: RunSettings) -> TrainedChunk:
    """The chunk under an id of all that its new questions depend on; they are of it alone."""
    none = settings.questions.model_copy(update={"pair_fraction": 0.0, "top_up_repeats": False})
    settings = settings.model_copy(update={"questions": none})
    prompts = _QUESTION_PROMPTS - unused_question_prompts(settings)
    asked_id = content_id(
        "new_question",
        chunk.chunk_id,
        settings.teacher.model,
        settings.teacher.prompt_profile,
        settings.teacher.embedding_model,
        settings_for_ids("questions", settings.questions),
        [(name, text) for name, text in prompt_hashes().items() if name in prompts],
    )
    return TrainedChunk(chunk, chunk.model_copy(update={"chunk_id": asked_id}))


def _reject(chunk: Chunk, written: Sequence[Question | Rejection]) -> Rejection:
    first = next((each for each in written if isinstance(each, Rejection)), None)
    return Rejection.of(
        chunk.chunk_id,
        stage=STAGE,
        reason=first.reason if first else "no_questions",
        detail=first.detail if first else "",
        text=chunk.text,
    ).of_document(chunk.path)


def _list_chunks(context: StageContext[Contest], files: StageFiles[Question]) -> Items[Chunk]:
    """None where a file of questions takes the place of the run's own."""
    if context.order.questions is not None:
        return Items((), 0, 0)
    trained = sample_trained_chunks(context.folder, context.settings)
    unfinished = [each.asked for each in trained if files.is_unfinished(each.asked.chunk_id)]
    return Items(unfinished, len(trained), len(trained) - len(unfinished))


NEW_QUESTIONS: Stage[Contest] = Stage(
    name=STAGE,
    label="new questions",
    result=Question,
    reads=(CHUNKS.name, KEPT_QUESTIONS.name),
    work=ItemWork(items=_list_chunks, needs=only_settings, work=ask_new_questions),
    prompts={name: profile.question_prompts for name, profile in PROFILES.items()},
    purposes=(PURPOSE,),
    keeps_former_results=True,
)
