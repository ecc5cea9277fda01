"""Finds keys and passwords that a text names: `KILN_PASSWORD=...`, "the access key is ..."."""

import re
from collections.abc import Iterator

from jobs.text.private.randomness import SHORTEST, looks_random
from schemas.record import Span

_WORDS = (
    r"(?:(?:pg)?passw(?:or)?d|passwort|passphrase|kennwort|secret|token|auth[_-]?token"
    r"|(?:api|access|secret|private|account|encryption)[ _-]?key"
    r"|(?:api|zugangs|zugriffs|geheim)[ -]?schl\u00fcssel"
    r"|mot de passe|jeton|cl\u00e9 (?:d['\u2019])?(?:api|acc\u00e8s|secr\u00e8te)"
    r"|contrase\u00f1a|clave (?:api|secreta|de acceso)|chiave (?:api|segreta|di accesso))"
)
# A whole word, or a part of an identifier (`dbPassword`, `auth.token`), and what may end it.
_NAME = (
    rf"(?:(?<![A-Za-z\u00c0-\u024f])|(?<=[a-z])(?=[A-Z]))(?i:{_WORDS}"
    r"(?:[ _-]?(?:key|value|base|b64|base64|prod|dev|test|live|old|new|\d{1,2}(?!\d))){0,3}+)"
    r"(?![A-Za-z0-9_-])"
    r"|パスワード|トークン|(?:(?i:api)|アクセス|秘密)(?:キー|鍵)|密码|密碼|密钥|密鑰|口令|令牌"
)
_SPACE = r"[^\S\n]{0,3}+"
_SAYS = (
    r"(?::=|=>|[:=：＝]|value=|[是は]"
    r"|(?:[^\W\d_]{1,15}[^\S\n]){0,5}?"  # "for the database is"
    r"(?i:is|was|ist|lautet|est|es|\u00e8)\b:?)"
)
_QUOTE = r"(?:[\"'`「“„]|\u00ab[^\S\n]?)?"
_GIVEN = re.compile(
    rf"(?:{_NAME})[\"'`\]）)]{{0,2}}{_SPACE}(?P<says>{_SAYS})?{_SPACE}{_QUOTE}"
    r"(?P<value>(?![$%<{\[(*])[!-~]{8,200})"
)
_VALUE = re.compile(r"[^\"'`,;<>(){}\[\]\\|]++(?![({\[<])")
_PLAIN = re.compile(r"[A-Za-z0-9+_-][A-Za-z0-9+/_-]*={0,2}")


def find_named_secrets(text: str) -> Iterator[Span]:
    """The values beside such names, in their line, that look as if they were drawn at random.

    Without a sign or word between them, a value is one only if it has letters of both cases.
    """
    for given in _GIVEN.finditer(text):
        start = given.start("value")
        value = _VALUE.match(given["value"])
        if value is None:
            continue
        secret = value[0].rstrip(".:!?&*")
        if _is_secret(secret, is_said=given["says"] is not None):
            yield Span(start_char=start, end_char=start + len(secret))


def _is_secret(value: str, *, is_said: bool) -> bool:
    if is_said:
        return looks_random(value, is_short_enough=True)
    is_mixed = value != value.lower() and value != value.upper()
    is_long = len(value) >= SHORTEST and _PLAIN.fullmatch(value) is not None
    return is_long and is_mixed and looks_random(value)
