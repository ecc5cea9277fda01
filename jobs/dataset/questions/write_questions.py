"""Has the teacher write questions about a chunk."""

import math
from collections import Counter
from collections.abc import Sequence
from string import Template
from typing import NamedTuple

from engine.ask import Ask
from jobs.dataset.questions.draw_kinds import draw_kinds, wanted_kinds
from jobs.dataset.questions.sift_drafts import (
    FURTHER_STAGE,
    NOTHING_TO_ASK,
    STAGE,
    Shown,
    ask_for_drafts,
    drafts_schema,
    sift,
)
from jobs.dataset.structured_chat import call_teacher, instructions, make_structured_request
from jobs.documents.passages import Passages
from jobs.prompts import read_prompt
from jobs.text.numbered_sentences import number_sentences
from jobs.text.untrusted_text import defuse_tokens, make_line
from schemas.dataset import Fault, Kind, Question, Rejection
from schemas.documents import Chunk
from schemas.record import content_id
from schemas.requests import Request
from schemas.settings import QuestionSettings, RunSettings
from schemas.settings.touches import Touches

Written = list[Question | Rejection]


async def write_questions(chunk: Chunk, ask: Ask, settings: RunSettings) -> Written:
    """Ask the teacher about `chunk`, and once more where too little of what it wrote is kept.

    1 chunk in; out come the questions worth keeping and one rejection for each that is not, in
    the order in which they were written, or one rejection of the chunk if there are none.
    Raises what `Ask` raises.
    """
    shown = Shown(Passages(chunk), number_sentences(chunk))
    first = await ask_for_drafts(_first_request(shown, settings), ask)
    if isinstance(first, Fault):
        return [_reject_chunk(chunk, first)]
    written = sift(first, shown, settings)
    usual = with_usual_filters(settings)
    by_usual = written if usual == settings else sift(first, shown, usual)
    if not was_topped_up(by_usual, settings):
        return written
    wanted = _wanted(chunk, by_usual, settings)
    further = await ask_for_drafts(_make_request(shown, by_usual, wanted, settings), ask)
    if isinstance(further, Fault):
        is_nothing_more = further.reason == NOTHING_TO_ASK
        return written if is_nothing_more else [*written, _reject_chunk(chunk, further)]
    return written + sift(further, shown, settings, before=written)


async def usual_first_questions(chunk: Chunk, ask: Ask, settings: RunSettings) -> Written:
    """What the usual filters make of the first call about a chunk. Raises what `Ask` raises."""
    shown = Shown(Passages(chunk), number_sentences(chunk))
    first = await ask_for_drafts(_first_request(shown, settings), ask)
    return [] if isinstance(first, Fault) else sift(first, shown, with_usual_filters(settings))


async def write_instead_of_repeats(
    chunk: Chunk, before: Written, ask: Ask, settings: RunSettings
) -> Written:
    """Ask once more about a chunk of whose first questions, `before`, too many repeat others.

    What is asked does not depend on which of them do: a corpus that grows buys no other call. Out
    come questions and rejections, at least one of either. Raises what `Ask` raises.
    """
    shown = Shown(Passages(chunk), number_sentences(chunk))
    most_when_short = math.ceil(_target(settings)) - 1
    wanted = _Wanted(settings.questions.per_chunk - most_when_short, _kinds(chunk, (), settings))
    further = await ask_for_drafts(_make_request(shown, before, wanted, settings), ask)
    if isinstance(further, Fault):
        return [_reject_chunk(chunk, further, FURTHER_STAGE)]
    return sift(further, shown, settings, before, stage=FURTHER_STAGE)


def tops_up(settings: RunSettings) -> bool:
    """Whether a chunk may be asked about once more."""
    return settings.questions.top_up_below > 0 and settings.teacher.prompt_profile != "small"


def with_usual_filters(settings: RunSettings) -> RunSettings:
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


def was_topped_up(written: Written, settings: RunSettings) -> bool:
    """Whether usual filters have left a chunk without enough questions, so that it is asked again.

    A teacher that found less to ask has said so: it is not asked again.
    """
    kept = _count_kept(written)
    return kept < len(written) and is_below_target(kept, settings)


def is_below_target(count: int, settings: RunSettings) -> bool:
    """Whether so many questions are too few for a chunk."""
    return count < _target(settings)


def _target(settings: RunSettings) -> float:
    return settings.questions.top_up_below * settings.questions.per_chunk


def _count_kept(written: Sequence[Question | Rejection]) -> int:
    return sum(isinstance(each, Question) for each in written)


class _Wanted(NamedTuple):
    """How many questions a call is to bring, and of which kinds."""

    at_most: int
    kinds: Sequence[Kind]


def _wanted(chunk: Chunk, before: Written, settings: RunSettings) -> _Wanted:
    count = settings.questions.per_chunk - _count_kept(before)
    return _Wanted(count, _kinds(chunk, before, settings))


def _first_request(shown: Shown, settings: RunSettings) -> Request:
    return _make_request(shown, [], _wanted(shown.passages.chunk, [], settings), settings)


def _make_request(shown: Shown, before: Written, wanted: _Wanted, settings: RunSettings) -> Request:
    """`before` are the questions of the first call, if it is the second."""
    chunk = shown.passages.chunk
    user = Template(read_prompt(_user_prompt(settings))).substitute(
        count=wanted.at_most,
        kinds=", ".join(wanted.kinds),
        text=shown.sentences.listing,
    )
    user = with_persona(user, chunk, settings)
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
        reply_schema=drafts_schema(len(shown.sentences.texts), wanted.at_most),
        settings=settings.questions,
    )


def with_persona(user: str, chunk: Chunk, settings: RunSettings) -> str:
    """A prompt that also says in whose words to ask: each chunk's person is drawn by the seed."""
    personas, seed = settings.questions.personas, settings.split.seed
    if not personas:
        return user
    drawn = content_id("persona", chunk.chunk_id, *([seed] if seed else []))
    persona = personas[int(drawn[:13], 16) % len(personas)]
    prompt = Template(read_prompt("write_questions_persona_user.md"))
    return f"{user}\n\n{prompt.substitute(persona=persona)}"


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


def _reject_chunk(chunk: Chunk, fault: Fault, stage: str = STAGE) -> Rejection:
    return Rejection.of(chunk.chunk_id, stage=stage, text=chunk.text, **fault._asdict())
