"""Finds addresses, phone, card and account numbers and the numbers that states give people.

Numbers with check digits count only where these are right.
"""

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import NamedTuple

from jobs.text.private.phone_numbers import find_phone_numbers
from schemas.record import Span

_START, _END = r"(?<![A-Za-z0-9_])", r"(?![A-Za-z0-9_])"
_LETTER = r"A-Za-z\u00c0-\u024f"
_ADDRESS = re.compile(
    rf"(?<![{_LETTER}0-9_.+/-])[{_LETTER}0-9_.+-]{{1,64}}@"
    rf"(?:[{_LETTER}0-9-]{{1,63}}\.){{1,8}}(?P<end>[{_LETTER}]{{2,24}})(?![{_LETTER}0-9_@]|:[^\s])"
)
# Reserved for examples (RFC 2606, RFC 6761), so nobody's; units of a system, pictures, code.
_EXAMPLE_HOST = re.compile(r"@(?:[\w-]+\.)*(?:example(?:\.\w+)?|test|invalid|localhost)$")
_UNITS = ("service", "socket", "timer", "target", "mount", "scope", "slice")
_NO_HOST = frozenset((*_UNITS, "png", "jpg", "jpeg", "gif", "svg", "js"))
_CARD = re.compile(r"(?<![\d.-])\d(?:[ -]?\d){12,18}(?![\d-]|\.\d)")
# The numbers and lengths of the large issuers (ISO/IEC 7812).
_ISSUED_CARD = re.compile(
    r"4\d{12}(?:\d{3})?|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}"
    r"|(?:6(?:011|[45]\d\d|2\d\d)|35\d\d)\d{12}"
)


class _Form(NamedTuple):
    """What a number is called, how it is written, which module of stdnum checks its digits."""

    name: str
    written: re.Pattern[str]
    checked_by: str


_FORMS = (
    _Form(
        "IBAN",
        re.compile(
            rf"{_START}[A-Z]{{2}}\d{{2}}(?: ?[A-Z0-9]{{4}}){{2,7}}(?: ?[A-Z0-9]{{1,4}})?{_END}"
        ),
        "iban",
    ),
    _Form("identity number", re.compile(rf"{_START}\d{{8}}[A-Z]{_END}"), "es.dni"),
    _Form("identity number", re.compile(rf"{_START}[XYZ]\d{{7}}[A-Z]{_END}"), "es.nie"),
    _Form("identity number", re.compile(rf"{_START}\d{{17}}[\dX]{_END}"), "cn.ric"),
    _Form(
        "tax number",
        re.compile(rf"{_START}[A-Z]{{6}}\d\d[A-Z]\d\d[A-Z]\d{{3}}[A-Z]{_END}"),
        "it.codicefiscale",
    ),
    _Form(
        "tax number",
        re.compile(
            r"(?i:steuer-?id(?:entifikationsnummer|nr)?|\bidnr)\b[^\n\d]{0,12}"
            r"(\d\d ?\d{3} ?\d{3} ?\d{3})(?!\d)"
        ),
        "de.idnr",
    ),
    _Form(
        "social security number",
        re.compile(rf"{_START}[12] ?\d\d ?\d\d ?(?:\d\d|2[AB]) ?\d{{3}} ?\d{{3}} ?\d\d{_END}"),
        "fr.nir",
    ),
    _Form(
        "social security number",
        re.compile(r"(?i:\bssn|social security)\b[^\n\d]{0,24}(\d{3}-\d\d-\d{4})(?![\d-])"),
        "us.ssn",
    ),
)


class Datum(NamedTuple):
    """What it is, and where it stands."""

    name: str
    span: Span


def find_personal_data(text: str, language: str | None) -> Iterator[Datum]:
    """What may be personal data, kind by kind; phone numbers as `language` writes them."""
    for found in filter(_is_personal_address, _ADDRESS.finditer(text)):
        yield _datum("e-mail address", found, 0)
    for span in find_phone_numbers(text, language):
        yield Datum("phone number", span)
    for found in filter(_is_card, _CARD.finditer(text)):
        yield _datum("card number", found, 0)
    for form in _FORMS:
        group = form.written.groups  # 1, where words stand before the number
        for found in form.written.finditer(text):
            if _is_valid(found[group], form.checked_by):
                yield _datum(form.name, found, group)


def _datum(name: str, found: re.Match[str], group: int) -> Datum:
    start, end = found.span(group)
    return Datum(name, Span(start_char=start, end_char=end))


def _is_personal_address(address: re.Match[str]) -> bool:
    is_host = address["end"].casefold() not in _NO_HOST
    return is_host and _EXAMPLE_HOST.search(address[0].casefold()) is None


def _is_card(written: re.Match[str]) -> bool:
    digits = re.sub(r"\D", "", written[0])
    is_issued = _ISSUED_CARD.fullmatch(digits) is not None and len(set(digits)) > 1
    return is_issued and _is_valid(digits, "luhn")


def _is_valid(number: str, checked_by: str) -> bool:
    """By a module of stdnum, which is imported only where a text has something of the form."""
    is_valid: Callable[[str], bool] = import_module(f"stdnum.{checked_by}").is_valid
    return is_valid(number)
