"""The stage that finds, for some questions, a text near to them that does not answer them.

The student learns from such rows to say that an excerpt holds no answer. They are hard: the text is
of the same document, near in place and in words. That it holds no answer is checked twice, by
the words of the answer for free and by the judge with the text in view.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

from engine.ask import Ask
from engine.files.records import read_ids, read_records
from engine.stage import StageFiles, StagePass
from jobs.dataset.ask_teacher import ANSWERS
from jobs.dataset.judge.ask_judge import PROMPTS, PURPOSE, Unjudged, judge_excerpt
from jobs.dataset.judge.judge_rows import VERDICTS, require_judge
from jobs.dataset.profiles import PROFILES
from jobs.dataset.questions.keep_questions import KEPT_QUESTIONS
from jobs.dataset.rows.near_chunks import NearChunks, read_near_chunks
from jobs.dataset.rows.row_sources import Sources, open_sources
from jobs.documents.chunk_documents import CHUNKS
from jobs.run.stages import Items, ItemWork, Stage, StageContext, run_items
from jobs.settings.roles import judge_of
from jobs.text.languages import detect_language
from schemas.dataset import Answer, Fault, Rejection, Unanswerable
from schemas.record import content_id
from schemas.settings import RunSettings

STAGE = "unanswerable"
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


def has_unanswerable_rows(settings: RunSettings) -> bool:
    """Whether some rows are to show an excerpt that holds no answer; closed-book rows show none."""
    return settings.dataset.unanswerable_fraction > 0 and not settings.dataset.closed_book


class _Needs(NamedTuple):
    sources: Sources
    near: NearChunks
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
    async with open_sources(context.folder, context.settings, context.journal) as sources:
        yield _Needs(sources, read_near_chunks(context.folder, sources.chunks), context.settings)


async def _find_text(answer: Answer, ask: Ask, needs: _Needs) -> list[Unanswerable | Rejection]:
    """1 answer in, 1 question with a text that does not answer it, or 1 rejection out."""
    if not needs.sources.is_kept(answer):
        rejection = _reject(answer, "", Fault("not_kept"))
        chunk = needs.sources.chunks.require(answer.chunk_id)
        return [rejection.of_chunk(chunk, answer.second_chunk_id)]
    question, passages = needs.sources.of(answer)
    donors = needs.near.hard_for(question.text, answer.text, passages)
    if not donors:
        rejection = _reject(answer, question.text, Fault("no_hard_excerpt"))
        return [rejection.of_chunk(passages.chunk, passages.second_id)]
    donor, model = donors[0], judge_of(needs.settings).model
    unanswerable_id = content_id(STAGE, answer.answer_id, donor.chunk_id, model)
    found = await judge_excerpt(
        unanswerable_id, question.kind, question.text, donor, ask, needs.settings
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
            judge=model,
            request_id=found.request_id,
        )
    ]


def _reject(answer: Answer, text: str, fault: Fault) -> Rejection:
    return Rejection.of(answer.answer_id, stage=STAGE, text=text, **fault._asdict())


_FINDING = ItemWork(items=_list_answers, needs=_open_needs, work=_find_text)


async def _find_texts(context: StageContext[None]) -> StagePass:
    require_judge(context.settings, "dataset.unanswerable_fraction")
    return await run_items(UNANSWERABLE, _FINDING, context)


UNANSWERABLE: Stage[None] = Stage(
    name=STAGE,
    label="unanswerable",
    result=Unanswerable,
    reads=(CHUNKS.name, KEPT_QUESTIONS.name, ANSWERS.name, VERDICTS.name),
    work=_find_texts,
    prompts={name: PROMPTS for name in PROFILES},
    purposes=(PURPOSE,),
    is_wanted=has_unanswerable_rows,
)
