"""What is decided by what workers have found is what one machine decides."""

import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest

from engine.errors import DamagedLogError
from engine.files.records import RecordLog
from engine.testing import FakeAsk
from jobs.dataset.repeats.compare_texts import PartInWork, PartRepeats, compare_texts
from jobs.dataset.repeats.decide_repeats import ComparedElsewhere, ComparedHere, Division
from jobs.dataset.repeats.sort_words import Comparing, TextSlice, sort_words
from jobs.text.repeats.exact_differences import ask_differently
from jobs.text.repeats.near_duplicates import Match, NearDuplicates, words_of_any_language
from jobs.text.repeats.word_parts import WordOrder
from tests.rows import each_row

LEAST = 0.6
SLICE = 20
PARTS = 4
WORDS = ("kiln", "loom", "lathe", "warm", "beam", "saw", "seven", "front", "400", "800", "not")


def make_texts(count: int, word_count: int) -> list[str]:
    """Questions of which many repeat others, some to the letter."""
    chance = random.Random(0)
    return [
        f"How {' '.join(chance.choices(WORDS[:word_count], k=chance.randint(1, 7)))}?"
        for _ in range(count)
    ]


@asynccontextmanager
async def compared(
    path: Path, texts: Sequence[str], differ: Callable[[str, str], bool]
) -> AsyncIterator[ComparedElsewhere]:
    """What workers find of texts whose ids are their numbers."""
    division = Division(SLICE, PARTS)
    comparing = Comparing(min_similarity=LEAST, by_phrases=False, part_count=PARTS)
    parts = [PartInWork() for _ in range(PARTS)]
    async with RecordLog(path / "found.jsonl", PartRepeats) as found:
        for number, start in enumerate(range(0, len(texts), SLICE)):
            some = [(str(start + n), text) for n, text in enumerate(texts[start : start + SLICE])]
            packed = orjson.dumps([start, some]).decode()
            item = TextSlice(slice_id=str(number), comparing=comparing, packed=packed)
            for each in await sort_words(item, FakeAsk(), WordOrder({})):
                await found.append(await compare_texts(each, FakeAsk(), parts[each.part]))
        seen = NearDuplicates(LEAST, words_of_any_language, differ=differ)
        yield ComparedElsewhere(found, division, seen)


@each_row("word_count", [len(WORDS), 5])
async def test_every_decision_is_that_of_one_machine(tmp_path: Path, word_count: int) -> None:
    texts = make_texts(90, word_count)

    def differ(item_id: str, text: str) -> bool:
        return ask_differently(texts[int(item_id)], text)

    here = ComparedHere(NearDuplicates(LEAST, words_of_any_language, differ=differ))
    decided_here, decided = list[Match | None](), list[Match | None]()
    async with compared(tmp_path, texts, differ) as elsewhere:
        for repeats, into in ((here, decided_here), (elsewhere, decided)):
            for number, text in enumerate(texts):
                into.append(repeats.find(str(number), text))
                # For a reason of its own a run drops others too, such as what they mean.
                if into[-1] is None and number % 3:
                    repeats.remember(str(number), text)

    assert decided == decided_here
    assert 10 < sum(match is not None for match in decided) < 80


async def test_copy_that_stays_though_its_original_went_is_what_later_ones_repeat(
    tmp_path: Path,
) -> None:
    texts = ["How warm is the kiln?"] * 3

    async with compared(tmp_path, texts, lambda _, __: False) as repeats:
        found = [repeats.find(str(number), texts[0]) for number in range(2)]
        repeats.remember("1", texts[1])
        last = repeats.find("2", texts[2])

    assert found == [None, None]
    assert last == Match("1", 1.0)


async def test_what_was_found_of_other_texts_is_not_taken_for_theirs(tmp_path: Path) -> None:
    texts = ["How warm is the kiln?"] * 2

    async with compared(tmp_path, texts, lambda _, __: False) as repeats:
        repeats.find("0", texts[0])
        with pytest.raises(DamagedLogError, match="is about other questions"):
            repeats.find("another", texts[1])
