"""Numbers in the forms that Word has for items of lists (ECMA-376 part 1, 17.18.59)."""

from jobs.documents.readers.html.lists import written

_STYLES = {
    "lowerRoman": "i",
    "upperRoman": "I",
    "decimalZero": "zero",
    **dict.fromkeys(
        (
            *("chineseCounting", "chineseCountingThousand", "japaneseCounting"),
            *("taiwaneseCounting", "taiwaneseCountingThousand", "ideographDigital"),
        ),
        "informal",
    ),
}
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_RUSSIAN = "абвгдежзиклмнопрстуфхцчшщыэюя"
_ALPHABETS = {  # behind its last letter an alphabet begins anew, with each letter twice
    "lowerLetter": _LATIN,
    "upperLetter": _LATIN.upper(),
    "russianLower": _RUSSIAN,
    "russianUpper": _RUSSIAN.upper(),
    "arabicAlpha": "أبتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "ganada": "가나다라마바사아자차카타파하",
    "chosung": "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ",
    "ideographTraditional": "甲乙丙丁戊己庚辛壬癸",
    "ideographZodiac": "子丑寅卯辰巳午未申酉戌亥",
    "chicago": "*†‡§",
}
_MAX_TIMES = 30  # a letter side by side
_SIGNS = {  # the first of those that Unicode has in a row, and how many
    **dict.fromkeys(("decimalEnclosedCircle", "decimalEnclosedCircleChinese"), (0x2460, 20)),
    "decimalEnclosedParen": (0x2474, 20),
    "decimalEnclosedFullstop": (0x2488, 20),
}
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}  # of ordinals
_TEENS = range(11, 14)


def in_form(number: int, form: str) -> str:
    """`number` as Word writes it in a form; decimal in those that are not known."""
    if letters := _ALPHABETS.get(form):
        times, place = divmod(number - 1, len(letters))
        is_lettered = 0 <= times < _MAX_TIMES
        return letters[place] * (times + 1) if is_lettered else str(number)
    if signs := _SIGNS.get(form):
        first, count = signs
        return chr(first + number - 1) if 0 < number <= count else str(number)
    if form == "ordinal":
        return f"{number}{_ending(number)}"
    if form == "numberInDash":
        return f"- {number} -"
    return written(number, _STYLES.get(form, "1"))


def _ending(number: int) -> str:
    return "th" if number % 100 in _TEENS else _ENDINGS.get(number % 10, "th")
