"""What workers do first: the words of questions, put into the parts that compare them."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import islice

import orjson

from engine.ask import Ask
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stage import StageFiles
from jobs.run.stages import StageContext
from jobs.text.repeats.near_duplicates import words_as_at_first, words_of_any_language
from jobs.text.repeats.word_parts import WordOrder, count_words, parts_of
from schemas.record import Record, Value

SAMPLE_TEXTS = 50_000  # whose words are counted, a second's work
COUNTS = "word_counts"


class Comparing(Value):
    """How texts are compared. `by_phrases`: as at first, by words alone."""

    min_similarity: float
    by_phrases: bool
    part_count: int

    def words_of(self, text: str) -> set[str]:
        """What a text is compared by."""
        return words_as_at_first(text) if self.by_phrases else words_of_any_language(text)


class TextSlice(Record):
    """Texts that follow each other, packed: the number of the first, then each with its id."""

    slice_id: str
    comparing: Comparing
    packed: str


class PartTexts(Record):
    """The texts of a slice that belong to a part, packed: OrderedTexts.

    Who passes them on need not read them.
    """

    part_texts_id: str
    part: int
    comparing: Comparing
    packed: str


def part_texts_id(slice_number: int, part: int) -> str:
    """What the texts of a slice are called that belong to a part: they sort by slice."""
    return f"{slice_number:016x}{part:016x}"


def write_word_order(folder: RunFolder, texts: Iterable[str], comparing: Comparing) -> None:
    """Let workers know how common words are, by the first of the texts.

    Raises:
        StorageError: the disk refused it.
    """
    words = map(comparing.words_of, islice(texts, SAMPLE_TEXTS))
    replace_file(folder.results_path(COUNTS), [orjson.dumps(count_words(words))])


@asynccontextmanager
async def open_word_order(
    context: StageContext[None], _: StageFiles[PartTexts]
) -> AsyncIterator[WordOrder]:
    """The order of words that all workers have in common."""
    yield WordOrder(orjson.loads(context.folder.results_path(COUNTS).read_bytes()))


async def sort_words(item: TextSlice, _: Ask, order: WordOrder) -> list[PartTexts]:
    """1 slice in, out comes what of it each of the parts compares, in the order of the texts."""
    return await asyncio.to_thread(_put_into_parts, item, order)


def _put_into_parts(item: TextSlice, order: WordOrder) -> list[PartTexts]:
    comparing = item.comparing
    first, texts = orjson.loads(item.packed)
    of_parts: list[list[object]] = [[] for _ in range(comparing.part_count)]
    for number, (item_id, text) in enumerate(texts, start=first):
        words = order.sort(comparing.words_of(text))
        for part in parts_of(words, comparing.min_similarity, comparing.part_count):
            of_parts[part].append((number, item_id, text, words))
    return [
        PartTexts(
            part_texts_id=part_texts_id(int(item.slice_id), part),
            part=part,
            comparing=comparing,
            packed=orjson.dumps(each).decode(),
        )
        for part, each in enumerate(of_parts)
    ]
