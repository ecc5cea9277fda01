"""The first rules (`chunks.private_rules = 1`): runs that began under them go on under them.

What they mask decides which texts a run asks about, so they stay as they were. Where a pattern has
a group, this is the secret.
"""

import re
from collections.abc import Callable, Iterator

from jobs.text.private.found import Found

_LONGEST = 256  # of what stands before a sign; all that is real is shorter
_SECRETS = {
    "private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"  # with what stands in it
    r"(?:\s++(?:Proc-Type|DEK-Info): .*)*+(?:\s*+[A-Za-z0-9+/=]{16,}+)*+"
    r"(?:\s*+[A-Za-z0-9+/=]{0,15}+\s*+-----END (?:[A-Z]+ )*PRIVATE KEY-----)?",
    "AWS key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "GitHub token": r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{50,}\b",
    "OpenAI key": r"\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,}\b",
    "Slack token": r"\bxox[abprs]-[A-Za-z0-9-]{10,}\b",
    "Google key": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "JSON web token": r"\beyJ(?=[A-Za-z0-9_-]{10})(?:[A-Za-z0-9_]++|-(?!eyJ))++"
    r"\.eyJ[A-Za-z0-9_-]{10,}+\.[A-Za-z0-9_-]{10,}",
    "GitLab token": r"\bglpat-[A-Za-z0-9_-]{20,}",
    "Stripe key": r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",
    "npm token": r"\bnpm_[A-Za-z0-9]{36}\b",
    "PyPI token": r"\bpypi-[A-Za-z0-9_-]{50,}",
    "Hugging Face token": r"\bhf_[A-Za-z0-9]{30,}\b",
    "SendGrid key": r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{32,}",
    "Azure storage key": r"\bAccountKey=[A-Za-z0-9+/]{86}==",
    # What a name tells: "secret wJalr...", `PASSWORD=...`; of letters of both cases and digits.
    "named secret": r"(?i:secret|passw(?:or)?d|passphrase|token|api[_ -]?key|access[_ -]?key)"
    r"[\w-]{0,32}+[\"']?\s{0,3}+(?:[:=]|is\b)?\s{0,3}+[\"'`]?"
    r"(?=[A-Za-z+/_-]{0,64}\d)(?=[0-9A-Z+/_-]{0,64}[a-z])(?=[0-9a-z+/_-]{0,64}[A-Z])"
    r"((?<![\w-])[A-Za-z0-9+/_-]{16,}={0,2})",
    "password in an address": rf"\b[a-z][a-z0-9+.-]{{0,{_LONGEST}}}+://"
    r"[^\s/:@]{1,64}:[^\s/:@]{3,64}@[\w.-]+",
}
_PERSONAL = {
    "e-mail address": rf"\b[\w.+-]{{1,{_LONGEST}}}+@"
    r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b",
    "phone number": r"(?<![\w.])\+\d{1,3}[ ./()-]?\d[\d ./()-]{6,14}\d(?!\w)",
    "card number": r"(?<![\d.-])(?:\d[ -]?){12,18}\d(?![\d-]|\.\d)",
    "IBAN": r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b",
}
_SHORTEST_CARD = 13
# Reserved for examples (RFC 2606, RFC 6761), so nobody's.
_EXAMPLE_HOST = re.compile(r"@(?:[\w-]+\.)*(?:example(?:\.\w+)?|test|invalid|localhost)$")


def find_by_first_rules(text: str) -> Iterator[Found]:
    """Keys, tokens and passwords, then what may be personal data, form by form."""
    for name, pattern in _COMPILED_SECRETS.items():
        for found in pattern.finditer(text):
            yield Found(name, True, *found.span(found.lastindex or 0))
    for name, pattern in _COMPILED_PERSONAL.items():
        is_real = _CHECKS.get(name, _is_any)
        for found in pattern.finditer(text):
            if is_real(found[0]):
                yield Found(name, False, *found.span())


def _is_any(_: str) -> bool:
    return True


def _is_personal_address(address: str) -> bool:
    return _EXAMPLE_HOST.search(address.casefold()) is None


def _is_card(written: str) -> bool:
    digits = [int(digit) for digit in written if digit.isdigit()]
    if len(digits) < _SHORTEST_CARD or len(set(digits)) == 1:
        return False
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_iban(written: str) -> bool:
    plain = written.replace(" ", "")
    turned = plain[4:] + plain[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1


_CHECKS: dict[str, Callable[[str], bool]] = {
    "e-mail address": _is_personal_address,
    "card number": _is_card,
    "IBAN": _is_iban,
}
_COMPILED_SECRETS = {name: re.compile(pattern) for name, pattern in _SECRETS.items()}
_COMPILED_PERSONAL = {name: re.compile(pattern) for name, pattern in _PERSONAL.items()}
