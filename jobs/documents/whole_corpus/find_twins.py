"""The stage that finds documents with the same text, before any side is drawn.

A manual often lies there as HTML, PDF and text. Of documents that are all but the same one is kept,
so that nothing is paid for twice. Documents that share much of their text, and translations of each
other, are one group, which the split puts on one side.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.files.records import RecordLog, encode_record, read_ids, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stage import StagePass
from jobs.documents.read_documents import DOCUMENTS
from jobs.documents.whole_corpus.edge_lines import cut_out
from jobs.documents.whole_corpus.find_boilerplate import BOILERPLATE, read_boilerplate
from jobs.documents.whole_corpus.locale_paths import pair_by_path
from jobs.documents.whole_corpus.sketch_documents import Sketch, read_sketches
from jobs.documents.whole_corpus.translations import pair_by_anchors
from jobs.run.stages import Stage, StageContext
from jobs.text.languages import detect_writing
from jobs.text.repeats.shingles import Hashes, distinct, share_in, shingle_hashes
from schemas.dataset import Rejection
from schemas.documents import Document, DocumentGroup
from schemas.record import Span

STAGE = "twins"
DUPLICATE_SHARE = 0.8  # of a document's shingles in others: it is left out
GROUP_SHARE = 0.3  # of the smaller one's shingles in the other: both stay on one side
MAX_TEXTS_COMPARED = 50  # when a sample's word is checked against the texts themselves

_log = logging.getLogger(__name__)


async def _find_twins(context: StageContext[None]) -> StagePass:
    """Compare all documents, unless nothing was added since they were compared."""
    folder = context.folder
    documents_path, path = folder.results_path(DOCUMENTS.name), folder.results_path(STAGE)
    if not _is_current(path, frozenset(read_ids(documents_path, Document))):
        sketches = await read_sketches(context)
        async with RecordLog(documents_path, Document) as documents:
            comparison = _Comparison(sketches, documents, read_boilerplate(folder))
            groups = await asyncio.to_thread(comparison.run)
        _keep_rejections(folder, groups, {each.document_id: each.path for each in sketches})
        replace_file(path, map(encode_record, groups))
    _report(path)
    return StagePass()


def _is_current(path: Path, document_ids: frozenset[str]) -> bool:
    """Whether exactly these documents were compared, and what others repeat is among them."""
    groups = list(read_records(path, DocumentGroup))
    repeated = {group.duplicate_of for group in groups if group.duplicate_of is not None}
    return {group.document_id for group in groups} == document_ids and repeated <= document_ids


class _Comparison:
    """Compares documents in the order of their rank: each with all that were kept before it.

    Every shingle belongs to the first document that holds it, so time and memory are linear, also
    where a thousand documents share a page.
    """

    def __init__(
        self,
        sketches: Sequence[Sketch],
        documents: RecordLog[Document],
        boilerplate: Mapping[str, Sequence[Span]],
    ) -> None:
        self._sketches = sketches
        self._documents = documents
        self._boilerplate = boilerplate
        self._duplicate_of: dict[int, int] = {}
        self._groups = list(range(len(sketches)))

    def run(self) -> list[DocumentGroup]:
        """One record a document, in the order of the ids."""
        every = [sketch.hashes for sketch in self._sketches]
        distinct, places = np.unique(
            np.concatenate(every) if every else np.zeros(0, np.uint64), return_inverse=True
        )
        owners = np.full(len(distinct), -1, np.int32)
        start = 0
        for number, hashes in enumerate(every):
            self._compare(number, places[start : start + len(hashes)], owners)
            start += len(hashes)
        self._join_translations()
        return sorted(self._records(), key=lambda group: group.document_id)

    def _compare(self, number: int, places: NDArray[np.intp], owners: NDArray[np.int32]) -> None:
        found = owners[places]
        twins, counts = np.unique(found[found >= 0], return_counts=True)
        by_count = [int(twins[n]) for n in np.argsort(-counts, kind="stable")]
        sketch = self._sketches[number]
        share = float(np.mean(found >= 0)) if len(found) else 0.0
        for twin, count in zip(twins.tolist(), counts.tolist(), strict=True):
            smaller = min(len(places), len(self._sketches[twin].hashes))
            if count >= GROUP_SHARE * smaller:
                self._join(number, twin)
        if share >= DUPLICATE_SHARE and not sketch.has_side and self._is_within(number, by_count):
            self._duplicate_of[number] = by_count[0]
            self._join(number, by_count[0])
            return
        owners[places[found < 0]] = number
        for twin, count in zip(twins.tolist(), counts.tolist(), strict=True):
            is_contained = count >= DUPLICATE_SHARE * len(self._sketches[twin].hashes)
            if is_contained and self._may_leave(twin) and self._is_within(twin, [number]):
                self._duplicate_of[twin] = number
                owners[owners == twin] = number

    def _may_leave(self, number: int) -> bool:
        return not self._sketches[number].has_side and number not in self._duplicate_of

    def _is_within(self, number: int, twins: Sequence[int]) -> bool:
        """Whether the text really stands in those of the twins: a sample may be mistaken."""
        others = [self._shingles(twin) for twin in twins[:MAX_TEXTS_COMPARED]]
        within = distinct(np.concatenate(others)) if others else np.zeros(0, np.uint64)
        return share_in(self._shingles(number), within) >= DUPLICATE_SHARE

    def _shingles(self, number: int) -> Hashes:
        sketch = self._sketches[number]
        if not sketch.is_sample:
            return sketch.hashes
        return shingle_hashes(self._text(number))

    def _text(self, number: int) -> str:
        document = self._documents.require(self._sketches[number].document_id)
        return cut_out(document.text, self._boilerplate.get(document.document_id, ()))

    def _join_translations(self) -> None:
        for one, other in pair_by_path(sketch.path for sketch in self._sketches):
            self._join(one, other)
        anchors = {
            number: sketch.anchors
            for number, sketch in enumerate(self._sketches)
            if number not in self._duplicate_of
        }
        for one, other in pair_by_anchors(anchors, cache(self._language)):
            self._join(one, other)

    def _language(self, number: int) -> str | None:
        return detect_writing(self._text(number))

    def _join(self, one: int, other: int) -> None:
        self._groups[self._root(other)] = self._root(one)

    def _root(self, number: int) -> int:
        while self._groups[number] != number:
            self._groups[number] = self._groups[self._groups[number]]
            number = self._groups[number]
        return number

    def _records(self) -> Iterator[DocumentGroup]:
        ids = [sketch.document_id for sketch in self._sketches]
        least: dict[int, str] = {}
        for number, document_id in enumerate(ids):
            root = self._root(number)
            least[root] = min(document_id, least.get(root, document_id))
        for number, document_id in enumerate(ids):
            twin = self._duplicate_of.get(number)
            yield DocumentGroup(
                document_id=document_id,
                group_id=least[self._root(number)],
                duplicate_of=None if twin is None else ids[self._last_kept(twin)],
            )

    def _last_kept(self, number: int) -> int:
        while (twin := self._duplicate_of.get(number)) is not None:
            number = twin
        return number


def _keep_rejections(
    folder: RunFolder, groups: Iterable[DocumentGroup], paths: dict[str, str]
) -> None:
    others = (r for r in read_records(folder.rejected_path, Rejection) if r.stage != STAGE)
    rejections = [
        Rejection.of(
            group.document_id,
            stage=STAGE,
            reason="duplicate_document",
            threshold=DUPLICATE_SHARE,
            detail=f"{paths[group.document_id]}: its text stands in {paths[group.duplicate_of]}",
        ).of_document(paths[group.document_id])
        for group in groups
        if group.duplicate_of is not None
    ]
    replace_file(folder.rejected_path, map(encode_record, [*others, *rejections]))


def _report(path: Path) -> None:
    groups = list(read_records(path, DocumentGroup))
    duplicates = sum(group.duplicate_of is not None for group in groups)
    if duplicates:
        _log.info(
            "%d of %d documents hold text that another one holds: they are left out "
            "(duplicate_document in rejected.jsonl)",
            duplicates,
            len(groups),
        )


def read_left_out(folder: RunFolder) -> frozenset[str]:
    """The ids of the documents whose text stands in another one."""
    return frozenset(
        group.document_id
        for group in read_records(folder.results_path(STAGE), DocumentGroup)
        if group.duplicate_of is not None
    )


TWINS: Stage[None] = Stage(
    name=STAGE,
    label="twins",
    result=DocumentGroup,
    reads=(DOCUMENTS.name, BOILERPLATE.name),
    work=_find_twins,
)
