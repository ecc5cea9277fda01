from jobs.text.languages import detect_language
from tests.rows import each_row


@each_row(
    "language, text",
    [
        ("en", "The package must contain a description that its user understands."),
        ("de", "Das Paket muss eine Beschreibung enthalten, die der Benutzer versteht."),
        ("fr", "Le paquet doit contenir une description que l'utilisateur comprend."),
        ("ru", "Пакет должен содержать описание, которое понятно пользователю."),
        ("zh", "软件包必须包含用户能够理解的描述，否则它不会被接受。"),
    ],
)
def test_the_language_of_a_sentence_is_known(language: str, text: str) -> None:
    assert detect_language(text) == language


def test_code_words_do_not_change_the_language_of_a_sentence() -> None:
    text = (
        'Set "PermitRootLogin no" in /etc/ssh/sshd_config and run `systemctl reload ssh`; '
        "the daemon then reads the file again, and root can no longer log in."
    )

    assert detect_language(text) == "en"


@each_row("text", ["", "Ja.", "apt-get install foo", "d3b07384d113edec49eaa6238ad5ff00 " * 3])
def test_what_is_too_short_or_no_language_is_not_guessed_at(text: str) -> None:
    assert detect_language(text) is None
