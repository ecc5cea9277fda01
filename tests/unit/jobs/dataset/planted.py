"""Evidence and answers to it in four languages, and what is planted in them: wrong all of it."""

import random
from collections.abc import Iterator
from typing import NamedTuple

from jobs.text.numbers.quantities import numbers_in

# An answer that its evidence supports; {n} is a number of it, {c} a name in code, {p} a name.
CASES = (
    (
        "en",
        "The server of the Atlas project keeps {n} sessions for {m} seconds, as `{c}` says. "
        "Its author {p} chose that.",
        "By default {n} sessions are kept for {m} seconds, which `{c}` sets; the choice was {p}'s.",
    ),
    (
        "de",
        "Der Server hält {n} Sitzungen für {m} Sekunden, wie {c} es vorgibt. Das hat {p} gewählt.",
        "Es bleiben {n} Sitzungen {m} Sekunden lang offen; eingestellt wird es mit `{c}`.",
    ),
    (
        "fr",
        "Le serveur garde {n} sessions pendant {m} secondes, comme le dit {c}. {p} l'a choisi.",
        "On garde {n} sessions pendant {m} secondes, ce que règle `{c}`, selon le choix de {p}.",
    ),
    (
        "ja",
        "サーバーは{n}個のセッションを{m}秒間保持します。設定は {c} です。",
        "既定では{n}個のセッションが{m}秒間保持され、`{c}` で変えられます。",
    ),
)
CODE = ("--keep-alive", "session.max", "/etc/atlas.conf", "MAX_KEPT", "keep_all()", "-k", "dbKeep")
OTHER_CODE = (
    "--keep-all",
    "session.min",
    "/etc/other.conf",
    "MIN_KEPT",
    "drop_all()",
    "-K2",
    "dbDrop",
)
PEOPLE = ("Maria", "Okafor", "Lindqvist", "Tanaka")
OTHER_PEOPLE = ("Petrova", "Haugen", "Castillo", "Bergmann")


class Planted(NamedTuple):
    language: str
    evidence: str
    answer: str
    is_true: bool
    what: str


def plant(count: int) -> Iterator[Planted]:
    """`count` answers with one wrong number or name each, and as many right ones."""
    uniform = random.Random(7)
    for index in range(count):
        language, evidence, answer = CASES[index % len(CASES)]
        true = {
            "n": str(uniform.randint(2, 99_999)),
            "m": str(uniform.randint(2, 9_999)),
            "c": uniform.choice(CODE),
            "p": uniform.choice(PEOPLE),
        }
        source = evidence.format(**true)
        yield Planted(language, source, answer.format(**true), is_true=True, what="")
        what = uniform.choice([each for each in "nmcp" if f"{{{each}}}" in answer])
        false = {**true, what: _other(what, source, uniform)}
        yield Planted(language, source, answer.format(**false), is_true=False, what=what)


def _other(what: str, source: str, uniform: random.Random) -> str:
    if what == "c":
        return uniform.choice(OTHER_CODE)
    if what == "p":
        return uniform.choice(OTHER_PEOPLE)
    known = numbers_in(source)
    return next(n for n in iter(lambda: str(uniform.randint(2, 99_999)), "") if n not in known)
