"""Finds keys and tokens by the forms that their issuers document, and passwords in addresses."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from jobs.text.private.randomness import looks_random
from schemas.record import Span

# Each begins where a word does; those with `_END` end there too.
_END = r"(?![A-Za-z0-9_])"
_TOKENS = {
    "AWS key": rf"(?:AKIA|ASIA)[0-9A-Z]{{16}}{_END}",
    "GitHub token": rf"(?:gh[pousr]_[A-Za-z0-9]{{36,}}|github_pat_[A-Za-z0-9_]{{50,}}){_END}",
    "OpenAI key": rf"sk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{{20,}}{_END}",
    "Slack token": rf"xox[abprs]-[A-Za-z0-9-]{{10,}}{_END}",
    "Google key": rf"AIza[0-9A-Za-z_-]{{35}}{_END}",
    "JSON web token": r"eyJ(?=[A-Za-z0-9_-]{10})(?:[A-Za-z0-9_]++|-(?!eyJ))++"
    r"\.eyJ[A-Za-z0-9_-]{10,}+\.[A-Za-z0-9_-]{10,}",
    "GitLab token": r"glpat-[A-Za-z0-9_-]{20,}",
    "Stripe key": r"[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",
    "npm token": rf"npm_[A-Za-z0-9]{{36}}{_END}",
    "PyPI token": r"pypi-[A-Za-z0-9_-]{50,}",
    "Hugging Face token": rf"hf_[A-Za-z0-9]{{30,}}{_END}",
    "SendGrid key": r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{32,}",
    "Azure storage key": r"AccountKey=[A-Za-z0-9+/]{86}==",
    "webhook secret": r"whsec_[A-Za-z0-9+/=]{24,}",
}
_NAMES = tuple(_TOKENS)
_OF_WORDS_TOO = re.compile(r"sk-(?!proj-|svcacct-)")  # names of packages begin like this as well
_TOKEN = re.compile(rf"(?<![A-Za-z0-9_])(?:{'|'.join(f'({form})' for form in _TOKENS.values())})")
_OTHERS = {
    "private key": re.compile(
        r"-----BEGIN (?:[A-Z]+ ){0,4}PRIVATE KEY-----"  # with what stands in it
        r"(?:\s++(?:Proc-Type|DEK-Info): [^\n]*+)*+(?:\s*+[A-Za-z0-9+/=]{16,}+)*+"
        r"(?:\s*+[A-Za-z0-9+/=]{0,15}+\s*+-----END (?:[A-Z]+ ){0,4}PRIVATE KEY-----)?"
    ),
    # Words that stand for a password are none.
    "password in an address": re.compile(
        r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s/:@]{1,64}:"
        r"(?!(?:pass(?:word|wd)?|pwd?|secret|changeme|[x*.]+|[$<{%\[][^\s@]*)@)"
        r"[^\s/:@]{3,64}@[\w.-]+"
    ),
}


class Key(NamedTuple):
    """The name of a form, and where such a key stands."""

    name: str
    span: Span


def find_issued_keys(text: str) -> Iterator[Key]:
    """All keys and tokens of known forms, then private keys and passwords in addresses."""
    for found in _TOKEN.finditer(text):
        if _OF_WORDS_TOO.match(found[0]) is None or looks_random(found[0]):
            yield _key(_NAMES[(found.lastindex or 0) - 1], found)
    for name, form in _OTHERS.items():
        for found in form.finditer(text):
            yield _key(name, found)


def _key(name: str, found: re.Match[str]) -> Key:
    return Key(name, Span(start_char=found.start(), end_char=found.end()))
