import pytest

from jobs.text.secrets import find_secrets, mask_private
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


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("is_personal", [True, False])
def test_no_character_of_a_secret_is_left_and_nothing_else_moves(
    secret: str, is_personal: bool
) -> None:
    text = f"Before it opens, {secret} is set. After that, wait."

    masked = mask_private(text, is_personal=is_personal)

    assert len(masked.text) == len(text)
    assert masked.text.startswith("Before it opens, x")
    assert masked.text.endswith("x is set. After that, wait.")
    assert set(masked.text[17 : 17 + len(secret)]) <= {"x", " ", "\n"}
    assert not list(find_secrets(masked.text))


@each_row(
    "text, masked",
    [
        ("The secret wJalrXUtnFEMI/K7MDENG/bPx is new.", "The secret " + "x" * 25 + " is new."),
        ("KILN_PASSWORD=Tr0ub4dor3xyzABCD", "KILN_PASSWORD=" + "x" * 17),
        ("api_key: 'a8Fk29dkeLQ93kd0sXX'", "api_key: '" + "x" * 19 + "'"),
        ('"token": "eW91LWZvdW5kLW1l3A=="', '"token": "' + "x" * 20 + '"'),
        ("The access key is a8Fk29dkeLQ93kd0sXX.", "The access key is " + "x" * 19 + "."),
    ],
)
def test_what_is_named_a_secret_is_masked_and_its_name_stays(text: str, masked: str) -> None:
    assert mask_private(text, is_personal=False).text == masked


@each_row(
    "text",
    [
        "The password of the kiln is set by its owner, once a year.",
        "CHALLENGE_PASSWORD = ObjectIdentifier(1.2.840.113549)",
        "token = read_token_from_environment(KILN_TOKEN_1)",
        "The token endpoint is https://Login2.kiln.de/oauth2/token.",
        "The secret of commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b is time.",
    ],
)
def test_what_only_speaks_of_secrets_stays(text: str) -> None:
    assert mask_private(text, is_personal=False) == (text, {})


@each_row("datum", PERSONAL)
def test_personal_data_is_masked_where_that_is_wanted(datum: str) -> None:
    text = f"Call {datum} at noon."

    assert mask_private(text, is_personal=False) == (text, {})
    masked = mask_private(text, is_personal=True)
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

    masked = mask_private(text, is_personal=True)

    assert masked.text.endswith("\n\nThe kiln is hot. Nothing else is a key.")
    assert "MIIE" not in masked.text


def test_findings_that_overlap_are_masked_once() -> None:
    text = "See ftp://jo:pa55word@kiln.example.org, or jo@kiln.de."

    masked = mask_private(text, is_personal=True)

    assert len(masked.text) == len(text)
    assert masked.text == f"See {'x' * 34}, or {'x' * 10}."
