"""Finds parts of hours that a text says in words: half an hour, "due ore e un quarto"."""

import re
from collections.abc import Iterator

_PARTS = {
    "30": (
        r"half (?:an |of an )?hour|(?:hours?|heures?|horas?|ore) (?:and a half|et demie|y media"
        r"|e mezz[ao])|halbe[nr]? stunde|anderthalb stunden|eineinhalb stunden|demi-heure"
        r"|media hora|mezz['\u2019]?ora|半小时|半小時|半時間|半个小时|半個小時|時間半"
    ),
    "15": (
        r"quarter (?:of an )?hour|(?:hours?|heures?|horas?|ore) (?:and a quarter|et quart"
        r"|y cuarto|e un quarto)|viertelstunde|(?<!trois )quart d['\u2019]heure"
        r"|(?<!tres )cuartos? de hora|(?<!tre )quart[oi] d['\u2019]ora|一刻钟|一刻鐘"
    ),
    "45": (
        r"three[- ]quarters of an hour|dreiviertelstunde|trois quarts d['\u2019]heure"
        r"|tres cuartos de hora|tre quarti d['\u2019]ora|三刻钟|三刻鐘"
    ),
}
_COMPILED = {
    minutes: re.compile(rf"(?<![A-Za-z])(?:{words})", re.IGNORECASE)
    for minutes, words in _PARTS.items()
}


def find_minutes(text: str) -> Iterator[str]:
    """The minutes that such parts are, each once."""
    return (minutes for minutes, words in _COMPILED.items() if words.search(text))
