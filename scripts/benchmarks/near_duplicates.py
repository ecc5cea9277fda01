"""How fast near duplicates are found, and what remembering a question costs.

    python scripts/benchmarks/near_duplicates.py [COUNT ...]

Questions are made of 4 to 16 words drawn as often as they occur in a book of Debian
(package debian-reference-en), so that common words are as common as in real questions.
"""

import gzip
import random
import re
import sys
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from jobs.text.near_duplicates import NearDuplicates

BOOK_PATH = Path("/usr/share/debian-reference/debian-reference.en.txt.gz")
MAX_SIMILARITY = 0.7
COUNTS = (1_000, 10_000, 100_000)
OPENINGS = ("What is the", "How do you", "Why does", "Which", "When should", "What happens when")


class Measured(NamedTuple):
    """One row of the table."""

    seconds: float
    duplicate_count: int
    bytes_each: float


def make_questions(words: list[str], count: int) -> Iterator[str]:
    """The same questions at every call."""
    chance = random.Random(0)  # noqa: S311 - not a secret
    for _ in range(count):
        body = chance.choices(words, k=chance.randint(4, 16))
        yield f"{chance.choice(OPENINGS)} {' '.join(body)}?"


def measure(questions: list[str]) -> Measured:
    """Add all questions twice: once for the processor time, once with memory traced."""
    started = time.process_time()
    duplicate_count = _add_all(NearDuplicates(MAX_SIMILARITY), questions)
    seconds = time.process_time() - started
    tracemalloc.start()
    traced = NearDuplicates(MAX_SIMILARITY)
    _add_all(traced, questions)
    kept_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return Measured(seconds, duplicate_count, kept_bytes / (len(questions) - duplicate_count))


def _add_all(duplicates: NearDuplicates, questions: list[str]) -> int:
    return sum(
        duplicates.add(f"{number:032x}", question) is not None
        for number, question in enumerate(questions)
    )


def main() -> int:
    """Print one line a count."""
    if not BOOK_PATH.exists():
        print(f"{BOOK_PATH} is missing: apt-get install debian-reference-en", file=sys.stderr)
        return 1
    words = re.findall(r"[A-Za-z][\w.'-]*", gzip.decompress(BOOK_PATH.read_bytes()).decode())
    print("questions   duplicates   adds/s   us/add   bytes/question")
    for count in map(int, sys.argv[1:]) if sys.argv[1:] else COUNTS:
        seconds, duplicate_count, bytes_each = measure(list(make_questions(words, count)))
        print(
            f"{count:9,}   {duplicate_count:10,}   {count / seconds:6,.0f}   "
            f"{seconds / count * 1e6:6.1f}   {bytes_each:14.0f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
