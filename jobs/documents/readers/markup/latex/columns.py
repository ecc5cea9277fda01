r"""How many columns a table of LaTeX has: `|l@{\hspace{1cm}}*{3}{c}p{4cm}|` are five."""

import re

_MAX_SPEC_CHARS = 2_000
_MAX_COLUMNS = 100
_TIMES = re.compile(r"\s*\{\s*(\d{1,2})\s*\}\s*(?=\{)")
_OPTION = re.compile(r"\[[^\[\]]{0,200}\]")


def group_end(text: str, start: int) -> int:
    """Where the group of braces ends that begins at `start`; `start` if it does not."""
    depth = 0
    for place in range(start, min(len(text), start + _MAX_SPEC_CHARS)):
        if text[place] in "{}" and text[place - 1 : place] != "\\":
            depth += 1 if text[place] == "{" else -1
            if not depth:
                return place + 1
    return start


def column_count(spec: str) -> int:
    """The number of columns that `spec` tells; 0 if it tells none."""
    count = place = 0
    while place < len(spec):
        sign = spec[place]
        place += 1
        if sign == "*" and (times := _TIMES.match(spec, place)):
            end = group_end(spec, times.end())
            count += int(times[1]) * column_count(spec[times.end() + 1 : end - 1])
            place = max(end, times.end())
        elif sign == "{":
            place = max(place, group_end(spec, place - 1))
        elif sign == "[" and (option := _OPTION.match(spec, place - 1)):
            place = option.end()
        else:
            count += sign.isalpha()
    return min(count, _MAX_COLUMNS)
