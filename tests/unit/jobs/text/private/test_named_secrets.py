from jobs.text.private.find_private import mask_secrets
from jobs.text.private.named_secrets import find_named_secrets
from tests.rows import each_row


@each_row(
    "text, masked",
    [
        ("The secret wJalrXUtnFEMI/K7MDENG/bPx is new.", "The secret " + "x" * 25 + " is new."),
        ("KILN_PASSWORD=Tr0ub4dor3xyzABCD", "KILN_PASSWORD=" + "x" * 17),
        ("api_key: 'a8Fk29dkeLQ93kd0sXX'", "api_key: '" + "x" * 19 + "'"),
        ('"token": "eW91LWZvdW5kLW1l3A=="', '"token": "' + "x" * 20 + '"'),
        ("The access key is a8Fk29dkeLQ93kd0sXX.", "The access key is " + "x" * 19 + "."),
        (
            "The token of the old kiln is a8Fk29dkeLQ9.",
            "The token of the old kiln is xxxxxxxxxxxx.",
        ),
        ("dbPassword: aX9#mT4vL2", "dbPassword: xxxxxxxxxx"),
        ("secret_key_base: 07f3b1c94de5a862907f3b1c94de5a86", f"secret_key_base: {'x' * 32}"),
        ("Das Passwort lautet: a8Fk29dkeLQ9", "Das Passwort lautet: xxxxxxxxxxxx"),
        ("mot de passe : a8Fk29dkeLQ9", "mot de passe : xxxxxxxxxxxx"),
        ("contrase\u00f1a = 'a8Fk29dkeLQ9'", "contrase\u00f1a = 'xxxxxxxxxxxx'"),
        ("\u5bc6\u7801\uff1aa8Fk29dkeLQ9", "\u5bc6\u7801\uff1axxxxxxxxxxxx"),
    ],
)
def test_what_is_named_a_secret_is_masked_and_its_name_stays(text: str, masked: str) -> None:
    assert mask_secrets(text).text == masked


@each_row(
    "text",
    [
        "The password of the kiln is set by its owner, once a year.",
        "CHALLENGE_PASSWORD = ObjectIdentifier(1.2.840.113549)",
        "token = read_token_from_environment(KILN_TOKEN_1)",
        "The token endpoint is https://Login2.kiln.de/oauth2/token.",
        "The secret of commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b is time.",
        "tokenizer: Meta-Llama-3-8B-Instruct",
        "token: OAuth2PasswordRequestForm",
        "PasswordEncoder: Pbkdf2PasswordEncoder",
        "API key /usr/lib/Python3/dist-packages/kiln",
        "It keeps passwords\n\nTLS12CipherSuiteSelection says how.",
        "password:\n  a8Fk29dkeLQ93kd0sXX",
        "tokenizer: a8Fk29dkeLQ93kd0sXX",
        "password: ${KILN_PASSWORD_2}",
        "password: changeme",
    ],
)
def test_what_only_speaks_of_secrets_stays(text: str) -> None:
    assert mask_secrets(text) == (text, {})


def test_time_grows_with_the_length_alone() -> None:
    text = "password " * 4_000 + " " * 30_000 + "token is " * 4_000 + "key_" * 10_000

    assert list(find_named_secrets(text)) == []
