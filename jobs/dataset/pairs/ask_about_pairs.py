"""Has the teacher write questions that need two related chunks of one document."""

from collections.abc import Mapping
from string import Template
from typing import NamedTuple

from engine.ask import Ask
from engine.files.records import RecordLog
from engine.run_folder import RunFolder
from jobs.dataset.pairs.pair_ids import QUESTIONS_OF_PAIR, asks_about_pairs, is_paired
from jobs.dataset.questions.choose_chunks import find_withheld
from jobs.dataset.questions.draw_kinds import wanted_kinds
from jobs.dataset.questions.sift_drafts import STAGE, Shown, ask_for_drafts, drafts_schema, sift
from jobs.dataset.questions.write_questions import with_persona
from jobs.dataset.rows.near_chunks import NearChunks, read_near_chunks
from jobs.dataset.structured_chat import call_teacher, instructions, make_structured_request
from jobs.documents.passages import Passages
from jobs.documents.whole_corpus.check_held_out import read_leaked_chunks
from jobs.prompts import read_prompt
from jobs.text.numbered_sentences import number_sentences
from schemas.dataset import Fault, Question, Rejection
from schemas.documents import Chunk, Side
from schemas.record import content_id
from schemas.requests import Request
from schemas.settings import RunSettings


class PairFinder(NamedTuple):
    """Finds the second chunk of those that are drawn: of the same document and the same side."""

    near: Mapping[Side, NearChunks]
    settings: RunSettings

    def passages_of(self, chunk: Chunk) -> Passages:
        """A chunk with the one that is related to it most, if there is any."""
        return Passages(chunk, self.near[chunk.side].related_to(chunk))

    def is_asked_elsewhere(self, passages: Passages) -> bool:
        """Whether both chunks of a pair are drawn, each for the other: the smaller id asks.

        A sample is the smallest ids, so that it asks what the whole asks.
        """
        chunk, second = passages
        if second is None or second.chunk_id > chunk.chunk_id:
            return False
        is_drawn = is_paired(second.chunk_id, self.settings)
        return is_drawn and self.passages_of(second).second_id == chunk.chunk_id


def open_pair_finder(
    folder: RunFolder, chunks: RecordLog[Chunk], settings: RunSettings
) -> PairFinder | None:
    """The finder of a run; None: no chunk is drawn. Memory: some 200 bytes a chunk."""
    if not asks_about_pairs(settings):
        return None
    leaked = read_leaked_chunks(folder)
    sides: tuple[Side, ...] = ("train", "held_out")
    near = {side: read_near_chunks(folder, chunks, side, without=leaked) for side in sides}
    return PairFinder(near, settings)


async def ask_about_pair(
    chunk: Chunk, ask: Ask, pairs: PairFinder | None, settings: RunSettings
) -> list[Question | Rejection]:
    """Ask the teacher what needs `chunk` and a second one, if the chunk is drawn for that.

    1 chunk in; out come the questions whose evidence lies in both and one rejection for each that
    is not worth keeping, or one rejection of the pair if there are none. Nothing comes of a chunk
    that is not drawn, or whose second asks for both. Raises what `Ask` raises.
    """
    if pairs is None or not is_paired(chunk.chunk_id, settings):
        return []
    passages = pairs.passages_of(chunk)
    if pairs.is_asked_elsewhere(passages):
        return []
    written = await _write_questions(passages, ask, settings)
    return [
        each.of_chunk(chunk, passages.second_id) if isinstance(each, Rejection) else each
        for each in written
    ]


async def _write_questions(
    passages: Passages, ask: Ask, settings: RunSettings
) -> list[Question | Rejection]:
    if passages.second is None:
        return [_reject(passages, Fault("no_related_chunk"))]
    if fault := find_withheld(passages.second, settings):
        return [_reject(passages, fault)]
    shown = Shown(passages, number_sentences(*passages.in_order))
    found = await ask_for_drafts(_make_request(shown, settings), ask)
    if isinstance(found, Fault):
        return [_reject(passages, found)]
    return sift(found, shown, settings)


def _reject(passages: Passages, fault: Fault) -> Rejection:
    text = passages.chunk.text
    return Rejection.of(_pair_id(passages), stage=STAGE, text=text, **fault._asdict())


def _pair_id(passages: Passages) -> str:
    return content_id("pair", passages.chunk.chunk_id, passages.second_id)


def _make_request(shown: Shown, settings: RunSettings) -> Request:
    chunk, sentences = shown.passages.chunk, shown.sentences
    next_number = sentences.firsts[-1]
    user = Template(read_prompt("write_questions_pair_user.md")).substitute(
        count=QUESTIONS_OF_PAIR,
        last=next_number - 1,
        next=next_number,
        kinds=", ".join(wanted_kinds(settings.questions.kind_weights)),
        text=sentences.listing,
    )
    return make_structured_request(
        call_teacher(settings, _pair_id(shown.passages), STAGE, chunk_id=chunk.chunk_id),
        system=instructions("write_questions", settings),
        user=with_persona(user, chunk, settings),
        reply_schema=drafts_schema(len(sentences.texts), QUESTIONS_OF_PAIR),
        settings=settings.questions,
    )
