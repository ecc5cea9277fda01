"""The stage that finds, for some questions, a text near to them that does not answer them.

The student learns from such rows to say that an excerpt holds no answer. They are hard: the text is
of the same document, near in place and in words. That it holds no answer is checked twice, by
the words of the answer for free and by the judge with the text in view.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from engine.ask import Ask
from engine.errors import ConfigError
from engine.files.records import read_ids, read_records
from engine.stage import StageFiles, StagePass
from jobs.dataset.ask_teacher import ANSWERS
from jobs.dataset.judge.ask_judge import PROMPTS, Asked, Pair, Unjudged, judge_pairs
from jobs.dataset.judge.judge_rows import VERDICTS, require_judge
from jobs.dataset.keep_questions import KEPT_QUESTIONS
from jobs.dataset.profiles import PROFILES
from jobs.dataset.row_sources import Sources, open_sources
from jobs.documents.chunk_documents import CHUNKS
from jobs.run.stages import Items, ItemWork, Stage, StageContext, run_items
from jobs.settings.roles import judge_cache, judge_of
from jobs.text.languages import detect_language
from jobs.text.word_overlap import word_overlap
from schemas.dataset import Answer, Fault, Question, Rejection, Unanswerable
from schemas.documents import Chunk
from schemas.record import content_id
from schemas.settings import RunSettings

STAGE = "unanswerable"
NEIGHBOURS = 24  # chunks of the document, nearest in place, that are looked at
MIN_LIKENESS = 0.3  # share of the question's telling words that the text has: below, it is easy
MAX_ANSWER_SHARE = 0.6  # share of the answer's telling words from which it may stand in the text

# How a row says that it has no answer; one way in each language, so that it is learnt as one.
NO_ANSWER: Mapping[str, str] = {
    "en": "The excerpt does not say.",
    "de": "Der Auszug sagt dazu nichts.",
    "fr": "L'extrait ne le dit pas.",
    "es": "El extracto no lo dice.",
    "it": "L'estratto non lo dice.",
    "pt": "O excerto não o diz.",
    "nl": "Het fragment zegt dat niet.",
    "sv": "Utdraget säger inget om det.",
    "pl": "Fragment o tym nie mówi.",
    "ru": "В отрывке об этом не говорится.",
    "ja": "抜粋には書かれていません。",
    "zh": "节选中没有说明。",
    "ko": "발췌문에는 나와 있지 않습니다.",
}
DEFAULT_LANGUAGE = "en"


class _Place(NamedTuple):
    start_char: int
    chunk_id: str


class _Needs(NamedTuple):
    sources: Sources
    places: Mapping[str, Sequence[_Place]]
    settings: RunSettings


def _list_answers(context: StageContext[None], files: StageFiles[Unanswerable]) -> Items[Answer]:
    """Answers to about as many questions as there are to be unanswerable rows."""
    path = context.folder.results_path(ANSWERS.name)
    fraction = context.settings.dataset.unanswerable_fraction
    wanted = int(fraction / (1 - fraction) * 16**13)
    is_drawn = {
        answer_id: int(content_id(STAGE, answer_id)[:13], 16) < wanted
        for answer_id in read_ids(path, Answer)
    }
    answers = read_records(
        path, Answer, is_wanted=lambda id_: is_drawn[id_] and files.is_unfinished(id_)
    )
    trained = (answer for answer in answers if answer.side == "train")
    return Items(trained, sum(is_drawn.values()), len(files.finished))


@asynccontextmanager
async def _open_needs(
    context: StageContext[None], _: StageFiles[Unanswerable]
) -> AsyncIterator[_Needs]:
    places: defaultdict[str, list[_Place]] = defaultdict(list)
    for chunk in read_records(context.folder.results_path(CHUNKS.name), Chunk):
        if chunk.side == "train":
            places[chunk.document_id].append(_Place(chunk.start_char, chunk.chunk_id))
    for of_document in places.values():
        of_document.sort()
    async with open_sources(context.folder, context.settings, context.journal) as sources:
        yield _Needs(sources, places, context.settings)


async def _find_text(answer: Answer, ask: Ask, needs: _Needs) -> list[Unanswerable | Rejection]:
    """1 answer in, 1 question with a text that does not answer it, or 1 rejection out."""
    if not needs.sources.is_kept(answer):
        return [_reject(answer, "", Fault("not_kept"))]
    question, chunk = needs.sources.of(answer)
    donor = _choose_donor(question, answer, chunk, needs)
    if donor is None:
        return [_reject(answer, question.text, Fault("no_hard_excerpt")).of_chunk(chunk)]
    judge = judge_of(needs.settings)
    unanswerable_id = content_id(STAGE, answer.answer_id, donor.chunk_id, judge.model)
    (found,) = await judge_pairs(
        Asked(
            unanswerable_id,
            judge.model,
            judge.server,
            judge.parameters,
            judge_cache(needs.settings),
        ),
        [Pair(question.kind, question.text, "")],
        donor,
        ask,
        needs.settings.judge.model_copy(update={"rewords": False}),
    )
    if isinstance(found, Unjudged):
        fault = Fault(found.reason, detail=found.detail)
        return [_reject(answer, question.text, fault).of_chunk(donor)]
    if found.verdict.answerable:
        return [_reject(answer, question.text, Fault("judged_answerable")).of_chunk(donor)]
    language = detect_language(donor.text) or DEFAULT_LANGUAGE
    return [
        Unanswerable(
            unanswerable_id=unanswerable_id,
            answer_id=answer.answer_id,
            question_id=question.question_id,
            chunk_id=donor.chunk_id,
            text=NO_ANSWER.get(language, NO_ANSWER[DEFAULT_LANGUAGE]),
            judge=judge.model,
            request_id=found.request_id,
        )
    ]


def _choose_donor(question: Question, answer: Answer, chunk: Chunk, needs: _Needs) -> Chunk | None:
    """The chunk nearest in words of those nearby that does not hold the answer's words."""
    likest: tuple[float, str] | None = None
    chosen: Chunk | None = None
    for other in _neighbours(chunk, needs):
        likeness = word_overlap(question.text, other.text)
        if likeness < MIN_LIKENESS or word_overlap(answer.text, other.text) > MAX_ANSWER_SHARE:
            continue
        if likest is None or (likeness, other.chunk_id) > likest:
            likest, chosen = (likeness, other.chunk_id), other
    return chosen


def _neighbours(chunk: Chunk, needs: _Needs) -> Iterator[Chunk]:
    places = needs.places.get(chunk.document_id, ())
    others = [place for place in places if place.chunk_id != chunk.chunk_id]
    others.sort(key=lambda place: (abs(place.start_char - chunk.start_char), place.chunk_id))
    for place in others[:NEIGHBOURS]:
        yield needs.sources.chunks.require(place.chunk_id)


def _reject(answer: Answer, text: str, fault: Fault) -> Rejection:
    return Rejection.of(answer.answer_id, stage=STAGE, text=text, **fault._asdict())


_FINDING = ItemWork(items=_list_answers, needs=_open_needs, work=_find_text)


async def _find_texts(context: StageContext[None]) -> StagePass:
    """Nothing unless rows with excerpts are to have such ones."""
    dataset = context.settings.dataset
    if not UNANSWERABLE.is_wanted(context.settings):
        return StagePass()
    if dataset.closed_book:
        raise ConfigError(
            "dataset.unanswerable_fraction: found it with dataset.closed_book, expected rows that "
            "show an excerpt: only these can lack an answer"
        )
    require_judge(context.settings, "dataset.unanswerable_fraction")
    return await run_items(UNANSWERABLE, _FINDING, context)


UNANSWERABLE: Stage[None] = Stage(
    name=STAGE,
    label="unanswerable",
    result=Unanswerable,
    reads=(CHUNKS.name, KEPT_QUESTIONS.name, ANSWERS.name, VERDICTS.name),
    work=_find_texts,
    prompts={name: PROMPTS for name in PROFILES},
    purposes=("judge",),
    is_wanted=lambda settings: bool(settings.dataset.unanswerable_fraction),
)
