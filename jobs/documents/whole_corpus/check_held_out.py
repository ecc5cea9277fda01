"""The stage that proves that held-out text is not in the training text, after all was cut.

Documents may share pages without being twins. A held-out chunk half of whose shingles stand in
training text is dropped: questions about it would measure memory. What is left is measured, and
where it stands is kept, so that no question of an evaluation rests on it.
"""

import logging
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from engine.files.records import RecordLine, encode_record, read_record_lines, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stage import StagePass
from jobs.documents.chunk_documents import CHUNKS
from jobs.documents.line_groups import read_group, write_groups
from jobs.processes.work_pool import map_in_order
from jobs.run.stages import Stage, StageContext
from jobs.text.repeats.shingles import Hashes, shingle_hashes, spans_among
from schemas.dataset import Rejection
from schemas.documents import Chunk, HeldOutCheck, LeakedText
from schemas.record import Span, Value, content_id

STAGE = "held_out_check"
MAX_LEAKED_SHARE = 0.5  # of a held-out chunk's shingles in training text
MAX_HASHES = 16_000_000  # in memory, about 30 bytes each; more held-out text is sampled
BYTES_PER_TOKEN = 6
_HELD_OUT = b',"side":"held_out",'

_log = logging.getLogger(__name__)


class _HeldOut(NamedTuple):
    """The held-out chunks: their ids, and which of the `distinct` shingles each one has."""

    chunk_ids: list[str]
    places: list[NDArray[np.intp]]
    distinct: Hashes


async def _check(context: StageContext[None]) -> StagePass:
    """Compare both sides, unless no chunk was added since they were compared."""
    folder = context.folder
    path, chunks_path = folder.results_path(STAGE), folder.results_path(CHUNKS.name)
    check_id = content_id("held_out_check", chunks_path.stat().st_size, MAX_LEAKED_SHARE)
    former = read_held_out_check(folder)
    if former is None or former.check_id != check_id:
        found = await _compare(context, chunks_path, check_id)
        _keep_rejections(folder, found)
        replace_file(path, [encode_record(found)])
        _report(found)
    return StagePass()


async def _compare(context: StageContext[None], chunks_path: Path, check_id: str) -> HeldOutCheck:
    size_bytes = sum(len(line.data) for line in _lines_of(chunks_path, is_held_out=True))
    one_in = max(1, -(-size_bytes // (BYTES_PER_TOKEN * MAX_HASHES)))
    side = _Side(context, chunks_path, one_in)
    held_out = await _read_held_out(side)
    is_leaked = np.zeros(len(held_out.distinct), np.bool_)

    def take(_: str, hashes: Hashes) -> None:
        if len(held_out.distinct):
            places = np.searchsorted(held_out.distinct, hashes)
            places[places == len(held_out.distinct)] = 0
            is_leaked[places[held_out.distinct[places] == hashes]] = True

    await side.each(take, is_held_out=False)
    found = _check_of(check_id, held_out, is_leaked)
    return found.model_copy(
        update={"leaked_text": tuple(_leaked_text(chunks_path, held_out, is_leaked, found))}
    )


def _leaked_text(
    chunks_path: Path, held_out: _HeldOut, is_leaked: NDArray[np.bool_], check: HeldOutCheck
) -> Iterator[LeakedText]:
    """Where the chunks that are used have text that stands in training text."""
    places = zip(held_out.chunk_ids, held_out.places, strict=True)
    concerned = {chunk_id for chunk_id, each in places if is_leaked[each].any()}
    concerned -= set(check.dropped_chunk_ids)
    leaked = held_out.distinct[is_leaked]
    for chunk in read_records(chunks_path, Chunk, is_wanted=concerned.__contains__):
        spans = (_shifted(span, chunk.start_char) for span in spans_among(chunk.text, leaked))
        yield LeakedText(chunk_id=chunk.chunk_id, spans=tuple(spans))


def _check_of(check_id: str, held_out: _HeldOut, is_leaked: NDArray[np.bool_]) -> HeldOutCheck:
    leaked = [np.count_nonzero(is_leaked[places]) for places in held_out.places]
    sizes = [len(places) for places in held_out.places]
    is_dropped = [n > 0 and n >= MAX_LEAKED_SHARE * of for n, of in zip(leaked, sizes, strict=True)]
    kept = [(n, of) for n, of, gone in zip(leaked, sizes, is_dropped, strict=True) if not gone]
    total = sum(of for _, of in kept)
    return HeldOutCheck(
        check_id=check_id,
        held_out_chunk_count=len(sizes),
        dropped_chunk_ids=tuple(
            chunk_id for chunk_id, gone in zip(held_out.chunk_ids, is_dropped, strict=True) if gone
        ),
        leaked_share=sum(n for n, _ in kept) / total if total else 0.0,
    )


async def _read_held_out(side: "_Side") -> _HeldOut:
    found: list[tuple[str, Hashes]] = []
    await side.each(lambda *each: found.append(each), is_held_out=True)
    every = [hashes for _, hashes in found]
    joined = np.concatenate(every) if every else np.zeros(0, np.uint64)
    distinct, places = np.unique(joined, return_inverse=True)
    ends = np.cumsum([len(hashes) for hashes in every])[:-1]
    chunk_ids = [chunk_id for chunk_id, _ in found]
    return _HeldOut(chunk_ids, np.split(places, ends) if every else [], distinct)


class _Sample(Value):
    """One shingle in so many is compared."""

    one_in: int


class _Side(NamedTuple):
    """The chunks of a run, whose shingles are taken on every core."""

    context: StageContext[None]
    chunks_path: Path
    one_in: int

    async def each(self, take: Callable[[str, Hashes], None], *, is_held_out: bool) -> None:
        """Call `take` with the id and the shingles of each chunk of one side, in file order."""

        def take_group(answer: bytes) -> None:
            header, _, data = answer.partition(b"\n")
            hashes, start = np.frombuffer(data, np.uint64), 0
            for chunk_id, count in orjson.loads(header):
                take(chunk_id, hashes[start : start + count])
                start += count

        lines = _lines_of(self.chunks_path, is_held_out=is_held_out)
        given = _Sample(one_in=self.one_in)
        pool, stopping = self.context.pool, self.context.stopping
        await map_in_order(
            pool.calls_of(shingle_chunks, on=self.chunks_path),
            write_groups(self.chunks_path, lines, stopping, lambda _: given),
            take_group,
        )


def shingle_chunks(body: bytes) -> bytes:
    """The shingles of chunks as 64-bit integers, below a line that says whose they are."""
    group = read_group(body, Chunk, _Sample)
    header, every = [], []
    for chunk in group.records:
        hashes = shingle_hashes(chunk.text, one_in=group.given.one_in)
        header.append((chunk.chunk_id, len(hashes)))
        every.append(hashes.tobytes())
    return orjson.dumps(header) + b"\n" + b"".join(every)


def _shifted(span: Span, chars: int) -> Span:
    return Span(start_char=span.start_char + chars, end_char=span.end_char + chars)


def _lines_of(chunks_path: Path, *, is_held_out: bool) -> Iterator[RecordLine]:
    """The lines of the chunks of a side. No text can hold the mark: its quotes are escaped."""
    lines = read_record_lines(chunks_path, Chunk)
    return (line for line in lines if (_HELD_OUT in line.data) == is_held_out)


def _keep_rejections(folder: RunFolder, check: HeldOutCheck) -> None:
    others = (r for r in read_records(folder.rejected_path, Rejection) if r.stage != STAGE)
    dropped = frozenset(check.dropped_chunk_ids)
    chunks = read_records(folder.results_path(CHUNKS.name), Chunk) if dropped else ()
    places = {chunk.chunk_id: chunk for chunk in chunks if chunk.chunk_id in dropped}
    rejections = [
        Rejection.of(
            chunk_id,
            stage=STAGE,
            reason="held_out_text_in_training",
            threshold=MAX_LEAKED_SHARE,
            text=places[chunk_id].text,
        ).of_chunk(places[chunk_id])
        for chunk_id in check.dropped_chunk_ids
    ]
    replace_file(folder.rejected_path, map(encode_record, [*others, *rejections]))


def _report(check: HeldOutCheck) -> None:
    if check.held_out_chunk_count:
        _log.info("held-out text: %s", describe_held_out(check))


def describe_held_out(check: HeldOutCheck) -> str:
    """What was left out, and how much of the rest stands in training text."""
    dropped = len(check.dropped_chunk_ids)
    is_known_where = check.leaked_text is not None
    return (
        f"{dropped:,} of {check.held_out_chunk_count:,} chunks are left out, as half of their text "
        f"stands in training text; of the others {check.leaked_share:.2%} does"
    ) + (", and no question of an evaluation rests on that" if is_known_where else "")


def read_held_out_check(folder: RunFolder) -> HeldOutCheck | None:
    """How far held-out text stands in training text; None if that was not looked at."""
    return next(read_records(folder.results_path(STAGE), HeldOutCheck), None)


def read_leaked_share(folder: RunFolder) -> float:
    """Of the held-out text that questions may rest on, what stands in training text.

    0 where it is known which text that is: no question that rests on it is asked.
    """
    check = read_held_out_check(folder)
    return check.leaked_share if check and check.leaked_text is None else 0.0


def read_leaked_text(folder: RunFolder) -> Mapping[str, Sequence[Span]]:
    """By held-out chunk, what of its document stands in training text, as far as that is known."""
    check = read_held_out_check(folder)
    known = check.leaked_text if check and check.leaked_text else ()
    return {each.chunk_id: each.spans for each in known}


def read_leaked_chunks(folder: RunFolder) -> Container[str]:
    """The ids of the held-out chunks that must not be used."""
    check = read_held_out_check(folder)
    return frozenset(check.dropped_chunk_ids) if check else frozenset()


HELD_OUT_CHECK: Stage[None] = Stage(
    name=STAGE,
    label="held-out text",
    result=HeldOutCheck,
    reads=(CHUNKS.name,),
    work=_check,
)
