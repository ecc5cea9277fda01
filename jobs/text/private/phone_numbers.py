"""Finds phone numbers that some country really gives out, in the ways that people write them."""

import re
from collections.abc import Iterator

from schemas.record import Span

# Where the numbers of a text without a country's code are looked for, by its language.
_COUNTRIES = {
    "de": ("DE", "AT", "CH"),
    "en": ("US", "GB", "AU"),
    "es": ("ES", "MX"),
    "fr": ("FR", "BE", "CH"),
    "it": ("IT", "CH"),
    "ja": ("JP",),
    "ko": ("KR",),
    "nl": ("NL", "BE"),
    "pl": ("PL",),
    "pt": ("PT", "BR"),
    "zh": ("CN", "TW", "HK"),
}
_BETWEEN = r" ()/.\u00a0\u2010-\u2013\uff08\uff09-"
_WRITTEN = re.compile(
    rf"(?<![A-Za-z0-9_.,/+:=#$\u20ac@-])(?<!\d )[+(\uff08]{{0,2}}\d[\d{_BETWEEN}]{{5,24}}\d"
    r"(?![A-Za-z0-9_/=@-]|[.,:]\d)"
)
_NAMED = re.compile(
    r"(?:\b(?:phone|mobile|cell|tel|t\u00e9l|fax|telefon[eo]?|tel\u00e9fono|t\u00e9l\u00e9phone"
    r"|handy|mobil|portable|m\u00f3vil)\b[^\n\d]{0,24}"
    r"|(?:電話|携帯|电话|手机|号码)[^\n\d]{0,12})\Z",
    re.IGNORECASE,
)
_NAMED_WITHIN = 40  # characters before a number


def find_phone_numbers(text: str, language: str | None) -> Iterator[Span]:
    """Valid numbers with their country's code, and those of the countries of the text's language.

    The latter are grouped as there, or a word before them says that they are phone numbers.
    """
    for written in _WRITTEN.finditer(text):
        number, start = written[0], written.start()
        is_named = _NAMED.search(text, max(0, start - _NAMED_WITHIN), start) is not None
        if "+" in number:
            countries: tuple[str, ...] = ("",)
        elif is_named or not number.isdigit():
            countries = _COUNTRIES.get(language or "", ())
        else:
            continue
        if any(_is_valid(number, country, is_named) for country in countries):
            yield Span(start_char=start, end_char=written.end())


def _is_valid(number: str, country: str, is_named: bool) -> bool:
    import phonenumbers  # 0.1 s: only where a text has something like a number

    try:
        parsed = phonenumbers.parse(number, country or None)
    except phonenumbers.NumberParseException:
        return False
    if not phonenumbers.is_valid_number(parsed):
        return False
    if country == "" or is_named:
        return True
    grouped = phonenumbers.Leniency.STRICT_GROUPING
    matches = phonenumbers.PhoneNumberMatcher(number, country, leniency=grouped)
    return any(match.raw_string == number.strip() for match in matches)
