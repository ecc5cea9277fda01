"""Checks a file of chat rows, one row at a time: form, size, repetitions, leaks, secrets."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from jobs.datacheck.find_leaks import NEAR, LeakFinder, read_eval_items
from jobs.datacheck.read_rows import BadRowError, ChatRow, numbered_lines, read_chat_row
from jobs.text.languages import detect_language
from jobs.text.private.find_private import find_private
from jobs.text.repeats.exact_differences import differ_exactly
from jobs.text.repeats.min_hashes import MinHashGroups
from jobs.text.repeats.near_duplicates import NearDuplicates, is_long, words_of_any_language
from jobs.text.wording import more_phrases
from jobs.text.wording.bare_pronouns import begins_with_pronoun
from jobs.text.wording.english_phrases import NON_ANSWER
from schemas.record import Value

SHOWN_COUNT = 10
NEAR_ANSWERS = 0.8  # of long ones, as a dataset is made by default
UNTOLD = "not told"  # too short, or code


class FileCheck(Value):
    """What a check has found. Lists name lines, at most SHOWN_COUNT of each kind.

    `pronoun_count`: answers whose subject is a pronoun. `tokens` has total, median, 95th percentile
    and most of one row; `shares` are of all rows.
    """

    path: str
    rows: int
    bad_rows: int
    problems: tuple[str, ...]
    tokens: dict[str, int]
    repeated_rows: int
    repeated_questions: int
    near_questions: int
    repeated_answers: int
    near_answers: int
    languages: dict[str, int]
    refusal_count: int
    pronoun_count: int
    secrets: dict[str, int]
    personal: dict[str, int]
    leaks: dict[str, int]
    named: tuple[str, ...]

    @property
    def is_fit(self) -> bool:
        """Whether nothing speaks against training on it."""
        return not (self.bad_rows or self.secrets or self.leaks) and self.rows > 0


def check_file(path: Path, against: Path | None = None) -> FileCheck:
    """Read a file of rows, and hold it against an evaluation if there is one.

    Raises:
        ConfigError: a file cannot be read, or the evaluation holds something else than questions.
    """
    leaks = LeakFinder(read_eval_items(against)) if against is not None else None
    check = _Check(path, leaks)
    for number, line in numbered_lines(path):
        check.add(number, line)
    return check.result()


class _Check:
    def __init__(self, path: Path, leaks: LeakFinder | None) -> None:
        self._path = path
        self._leaks = leaks
        self._near = NearDuplicates(NEAR, words_of_any_language)
        self._long_answers: dict[str, str] = {}
        self._near_answers = NearDuplicates(
            NEAR_ANSWERS,
            words_of_any_language,
            index=MinHashGroups(NEAR_ANSWERS),
            differ=lambda row, text: differ_exactly(self._long_answers[row], text),
        )
        self._seen: dict[str, set[bytes]] = {"row": set(), "question": set(), "answer": set()}
        self._counts = Counter[str]()
        self._languages = Counter[str]()
        self._found: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
        self._tokens: list[int] = []
        self._problems: list[str] = []
        self._named: list[str] = []

    def add(self, number: int, line: bytes) -> None:
        try:
            row = read_chat_row(line)
        except BadRowError as error:
            self._counts["bad"] += 1
            if len(self._problems) < SHOWN_COUNT:
                self._problems.append(f"{self._path}:{number}: {error}")
            return
        self._counts["rows"] += 1
        self._tokens.append(row.tokens)
        self._count_repetitions(line, row)
        language = detect_language(row.answer)
        self._languages[language or UNTOLD] += 1
        is_refusal = NON_ANSWER.search(row.answer) or more_phrases.NON_ANSWER.search(row.answer)
        self._counts["refusals"] += is_refusal is not None
        self._counts["pronouns"] += begins_with_pronoun(row.answer, language)
        self._count_private(number, row, language)
        if self._leaks is not None:
            self._leaks.add(number, row)

    def _count_repetitions(self, line: bytes, row: ChatRow) -> None:
        texts = {
            "row": line.strip(),
            "question": row.question.casefold().encode(),
            "answer": row.answer.casefold().encode(),
        }
        is_known = {name: self._is_known(name, text) for name, text in texts.items()}
        for name, known in is_known.items():
            self._counts[f"repeated {name}"] += known
        if not is_known["question"]:
            self._counts["near"] += (
                self._near.add(str(self._counts["rows"]), row.question) is not None
            )
        if not is_known["answer"] and is_long(row.answer):
            self._count_near_answer(str(self._counts["rows"]), row.answer)

    def _count_near_answer(self, number: str, answer: str) -> None:
        if self._near_answers.add(number, answer) is None:
            self._long_answers[number] = answer
        else:
            self._counts["near answer"] += 1

    def _is_known(self, name: str, data: bytes) -> bool:
        digest = hashlib.blake2b(data, digest_size=16).digest()
        is_known = digest in self._seen[name]
        self._seen[name].add(digest)
        return is_known

    def _count_private(self, number: int, row: ChatRow, language: str | None) -> None:
        """A row counts once for each kind; what was found is never shown."""
        found = find_private(row.text, language)
        for name, is_secret in {(each.name, each.is_secret) for each in found}:
            self._found[is_secret][name] += 1
            if is_secret and len(self._named) < SHOWN_COUNT:
                self._named.append(f"{self._path}:{number}: holds a secret ({name})")

    def result(self) -> FileCheck:
        leaks = list(self._leaks.leaks()) if self._leaks is not None else []
        named = [
            f"{self._path}:{leak.row_line}: gives away line {leak.item_line} ({leak.how})"
            for leak in leaks[:SHOWN_COUNT]
        ]
        return FileCheck(
            path=str(self._path),
            rows=self._counts["rows"],
            bad_rows=self._counts["bad"],
            problems=tuple(self._problems),
            tokens=_spread(self._tokens),
            repeated_rows=self._counts["repeated row"],
            repeated_questions=self._counts["repeated question"],
            near_questions=self._counts["near"],
            repeated_answers=self._counts["repeated answer"],
            near_answers=self._counts["near answer"],
            languages=dict(self._languages.most_common()),
            refusal_count=self._counts["refusals"],
            pronoun_count=self._counts["pronouns"],
            secrets=dict(self._found[True].most_common()),
            personal=dict(self._found[False].most_common()),
            leaks=dict(Counter(leak.how for leak in leaks).most_common()),
            named=(*self._named, *named),
        )


def _spread(tokens: list[int]) -> dict[str, int]:
    if not tokens:
        return {}
    median, high = np.percentile(tokens, [50, 95])
    return {
        "total": sum(tokens),
        "median": round(median),
        "percentile_95": round(high),
        "most": max(tokens),
    }


def describe_check(check: FileCheck) -> Iterator[str]:
    """Lines of text."""
    bad = f", {check.bad_rows:,} lines that are none" if check.bad_rows else ""
    yield f"{'rows':<16} {check.rows:,}{bad}"
    yield from check.problems
    yield f"{'tokens':<16} {_numbers(check.tokens)}"
    yield (
        f"{'repeated':<16} {check.repeated_rows:,} rows, {check.repeated_questions:,} questions "
        f"({check.near_questions:,} more nearly), {check.repeated_answers:,} answers "
        f"({check.near_answers:,} more of the long ones nearly)"
    )
    yield f"{'languages':<16} {_numbers(check.languages)}"
    share = check.refusal_count / check.rows if check.rows else 0.0
    yield f"{'refusals':<16} {check.refusal_count:,} ({share:.1%})"
    share = check.pronoun_count / check.rows if check.rows else 0.0
    yield (
        f"{'bare pronouns':<16} {check.pronoun_count:,} ({share:.1%}) answers begin with one: "
        "without their question nobody knows of what they speak"
    )
    yield f"{'secrets':<16} {_numbers(check.secrets)}"
    yield f"{'personal data':<16} {_numbers(check.personal)}"
    yield f"{'leaks':<16} {_numbers(check.leaks)}"
    yield from check.named
    yield f"{'verdict':<16} {'fit to train on' if check.is_fit else 'not fit to train on as it is'}"


def _numbers(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "none"
