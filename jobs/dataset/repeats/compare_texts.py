"""What workers do then: each part is compared, text after text."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson

from engine.ask import Ask
from engine.stage import StageFiles
from jobs.dataset.repeats.sort_words import PartTexts
from jobs.run.stages import StageContext
from jobs.text.repeats.compare_parts import OrderedText, PartComparison
from jobs.text.repeats.exact_differences import ask_differently
from jobs.text.repeats.word_parts import WordPart
from schemas.record import Record


class PartRepeats(Record):
    """Which texts of a slice repeat earlier ones, as far as a part finds it, packed.

    The number and id of each that repeats some, and those as EarlierTexts; then the numbers of
    those that are left out.
    """

    part_texts_id: str
    packed: str


class PartInWork:
    """The part of a shard, of which the first texts say how it is compared."""

    def __init__(self) -> None:
        self._comparison: PartComparison | None = None

    def of(self, texts: PartTexts) -> PartComparison:
        """The comparison that these are the next texts of."""
        if self._comparison is None:
            comparing = texts.comparing
            part = WordPart(texts.part, comparing.part_count, comparing.min_similarity)
            differ = None if comparing.by_phrases else ask_differently
            self._comparison = PartComparison(part, differ)
        return self._comparison


@asynccontextmanager
async def open_part(
    _: StageContext[None], __: StageFiles[PartRepeats]
) -> AsyncIterator[PartInWork]:
    """A part of which no text has been taken; a shard has one."""
    yield PartInWork()


async def compare_texts(item: PartTexts, _: Ask, part: PartInWork) -> list[PartRepeats]:
    """Some texts of a part in, which follow those before them; out comes what they repeat."""
    return [await asyncio.to_thread(_compare, item, part.of(item))]


def _compare(item: PartTexts, comparison: PartComparison) -> PartRepeats:
    repeats, left_out = list[object](), list[int]()
    for fields in orjson.loads(item.packed):
        text = OrderedText(*fields)
        compared = comparison.add(text)
        if compared.earlier:
            earlier = [tuple(each) for each in compared.earlier]
            repeats.append((text.number, text.item_id, earlier))
        if compared.is_left_out:
            left_out.append(text.number)
    packed = orjson.dumps([repeats, left_out]).decode()
    return PartRepeats(part_texts_id=item.part_texts_id, packed=packed)
