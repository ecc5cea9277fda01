from collections.abc import Callable

from jobs.text.private.find_private import (
    Masked,
    find_private,
    mask_private,
    mask_secrets,
)
from tests.rows import each_row

BODY = "\n".join(["MIIEpAIBAAKCAQEA7bq0Zc1l+/kZ8mJ3y0Q2pVnD5sT4uW6xYzAbCdEfGhIjKlMn"] * 3)
KEY_BLOCK = f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}\nAb12=\n-----END RSA PRIVATE KEY-----"
SECRETS = (
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "ghp_" + "a1B2" * 10,
    "glpat-" + "a1B2" * 5,
    "sk_live_" + "a1B2" * 5,
    "npm_" + "a1B2" * 9,
    "pypi-" + "a1B2" * 13,
    "hf_" + "a1B2" * 9,
    "SG." + "a1B2" * 5 + "." + "a1B2" * 10,
    "AccountKey=" + "a1B2" * 21 + "ab==",
    "postgres://app:hunter22@db.kiln.de",
    KEY_BLOCK,
)
PERSONAL = ("jo@kiln.de", "+49 30 901820 11", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00")


@each_row("secret", SECRETS)
@each_row("mask", [mask_secrets, lambda text: mask_private(text, "en")])
def test_no_character_of_a_secret_is_left_and_nothing_else_moves(
    secret: str, mask: Callable[[str], Masked]
) -> None:
    text = f"Before it opens, {secret} is set. After that, wait."

    masked = mask(text)

    assert len(masked.text) == len(text)
    assert masked.text.startswith("Before it opens, x")
    assert masked.text.endswith("x is set. After that, wait.")
    assert set(masked.text[17 : 17 + len(secret)]) <= {"x", " ", "\n"}
    assert not list(find_private(masked.text, "en"))


@each_row("datum", PERSONAL)
def test_personal_data_is_masked_where_that_is_wanted(datum: str) -> None:
    text = f"Call {datum} at noon."

    assert mask_secrets(text) == (text, {})
    masked = mask_private(text, "en")
    assert sum(masked.found.values()) == 1
    assert datum.split()[0] not in masked.text
    assert masked.text.split() == [
        "Call",
        *("x" * len(part) for part in datum.split()),
        "at",
        "noon.",
    ]


def test_key_that_is_cut_off_is_masked_as_far_as_it_goes_and_prose_stays() -> None:
    begin = KEY_BLOCK.partition("\nAb12")[0]
    text = f"{begin}\n\nThe kiln is hot. Nothing else is a key."

    masked = mask_private(text, "en")

    assert masked.text.endswith("\n\nThe kiln is hot. Nothing else is a key.")
    assert "MIIE" not in masked.text


def test_findings_that_overlap_are_masked_once() -> None:
    text = "See ftp://jo:pa55word@kiln.example.org, or jo@kiln.de."

    masked = mask_private(text, "en")

    assert len(masked.text) == len(text)
    assert masked.text == f"See {'x' * 34}, or {'x' * 10}."


KEY = "sk-" + "a1B2c3D4" * 3


@each_row(
    "text, name, place",
    [
        (f"OPENAI_API_KEY={KEY}", "OpenAI key", KEY),
        (f"The access token is {KEY}/v1+x9.", "OpenAI key", f"{KEY}/v1+x9"),
        (f'password: "ghp_{"a1B2" * 10}"', "GitHub token", "ghp_" + "a1B2" * 10),
        (
            "postgres://app:hunter22@db.kiln.de",
            "password in an address",
            "postgres://app:hunter22@db.kiln.de",
        ),
    ],
)
def test_secret_that_two_forms_find_counts_once(text: str, name: str, place: str) -> None:
    start = text.index(place)

    found = list(find_private(text, "en"))

    assert found == [(name, True, start, start + len(place))]
    assert mask_private(text, "en").found == {name: 1}


def test_two_secrets_side_by_side_are_two() -> None:
    text = f"OPENAI_API_KEY={KEY},ghp_{'a1B2' * 10}, or jo@kiln.de"

    assert mask_private(text, "en").found == {
        "OpenAI key": 1,
        "GitHub token": 1,
        "e-mail address": 1,
    }


@each_row(
    "text, by_first, by_present",
    [
        ("Its tokenizer: Meta-Llama-3-8B-Instruct is read.", ["named secret"], []),
        ("The access key is hT7kQz2Lw9.", [], ["named secret"]),
        ("In Berlin, phone (030) 901820.", [], ["phone number"]),
        (f"OPENAI_API_KEY={KEY}", ["OpenAI key", "named secret"], ["OpenAI key"]),
    ],
)
def test_first_rules_stay_as_they_were(
    text: str, by_first: list[str], by_present: list[str]
) -> None:
    assert [each.name for each in find_private(text, "de", rules=1)] == by_first
    assert [each.name for each in find_private(text, "de")] == by_present
