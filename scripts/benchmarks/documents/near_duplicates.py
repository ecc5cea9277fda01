"""How fast near duplicates are found, and what remembering questions or long answers costs.

    python scripts/benchmarks/documents/near_duplicates.py [COUNT ...]
    python scripts/benchmarks/documents/near_duplicates.py --answers [COUNT ...]

Questions are made of 4 to 16 words drawn as often as they occur in a book of Debian
(package debian-policy), so that common words are as common as in real questions. Answers have 30
to 120 words; every tenth is an earlier one in which every twentieth word was exchanged, and how
many of these are found is said too.
"""

import gzip
import random
import re
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[3]))

from jobs.text.repeats.min_hashes import MinHashGroups
from jobs.text.repeats.near_duplicates import NearDuplicates, words_of_any_language

BOOK_PATH = Path("/usr/share/doc/debian-policy/policy.txt.gz")
MAX_SIMILARITY = 0.7
MAX_ANSWER_SIMILARITY = 0.8
COUNTS = (10_000, 100_000, 1_000_000)
OPENINGS = ("What is the", "How do you", "Why does", "Which", "When should", "What happens when")


class Measured(NamedTuple):
    """One row of the table."""

    seconds: float
    duplicate_count: int
    resident_mb: float


def make_questions(words: list[str], count: int) -> Iterator[str]:
    """The same questions at every call."""
    chance = random.Random(0)  # noqa: S311 - not a secret
    for _ in range(count):
        body = chance.choices(words, k=chance.randint(4, 16))
        yield f"{chance.choice(OPENINGS)} {' '.join(body)}?"


def measure(words: list[str], count: int) -> Measured:
    """Make so many questions and add them: processor time, and the most memory there was."""
    duplicates = NearDuplicates(MAX_SIMILARITY, words_of_any_language)
    started, duplicate_count = time.process_time(), 0
    for number, question in enumerate(make_questions(words, count)):
        duplicate_count += duplicates.add(f"{number:032x}", question) is not None
    seconds = time.process_time() - started
    resident_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(seconds, duplicate_count, resident_mb)


def make_answers(words: list[str], count: int) -> Iterator[list[str]]:
    """The same answers at every call; every tenth nearly repeats one that came before."""
    chance = random.Random(0)  # noqa: S311 - not a secret
    before: list[list[str]] = []
    for number in range(count):
        answer = chance.choices(words, k=chance.randint(30, 120))
        if number % 10 == 9:
            answer = list(chance.choice(before))
            for place in range(chance.randrange(20), len(answer), 20):
                answer[place] = chance.choice(words)
        elif len(before) < 10_000:
            before.append(answer)
        yield answer


def measure_answers(words: list[str], count: int) -> Measured:
    """The same as `measure` of long answers."""
    index = MinHashGroups(MAX_ANSWER_SIMILARITY)
    duplicates = NearDuplicates(MAX_ANSWER_SIMILARITY, words_of_any_language, index=index)
    started, duplicate_count = time.process_time(), 0
    for number, answer in enumerate(make_answers(words, count)):
        duplicate_count += duplicates.add(f"{number:032x}", " ".join(answer)) is not None
    seconds = time.process_time() - started
    resident_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(seconds, duplicate_count, resident_mb)


def main() -> int:
    """Print one line a count."""
    if not BOOK_PATH.exists():
        print(f"{BOOK_PATH} is missing: apt-get install debian-policy", file=sys.stderr)
        return 1
    words = re.findall(r"[A-Za-z][\w.'-]*", gzip.decompress(BOOK_PATH.read_bytes()).decode())
    arguments = sys.argv[1:]
    measure_them = measure_answers if "--answers" in arguments else measure
    counts = [int(each) for each in arguments if each != "--answers"] or COUNTS
    print("    texts   duplicates   adds/s   us/add   resident MB")
    for count in counts:
        seconds, duplicate_count, resident_mb = measure_them(words, count)
        print(
            f"{count:9,}   {duplicate_count:10,}   {count / seconds:6,.0f}   "
            f"{seconds / count * 1e6:6.1f}   {resident_mb:11.0f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
