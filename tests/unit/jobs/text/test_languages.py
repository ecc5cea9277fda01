from jobs.text.languages import detect_language, detect_writing
from tests.rows import each_row


@each_row(
    "language, text",
    [
        ("en", "The package must contain a description that its user understands."),
        ("de", "Das Paket muss eine Beschreibung enthalten, die der Benutzer versteht."),
        ("fr", "Le paquet doit contenir une description que l'utilisateur comprend."),
        ("ru", "Пакет должен содержать описание, которое понятно пользователю."),
        ("zh", "软件包必须包含用户能够理解的描述，否则它不会被接受。"),
        ("zh", "请先关闭阀门，然后打开水泵。"),
        ("zh", "開啟水泵之前，必須先關閉閥門。壓力應在一分鐘內升到五巴，然後慢慢打開閥門。"),
        ("no", "Pumpa må stå stille før ventilen vert opna, og trykket skal falle."),
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


@each_row(
    "writing, text",
    [
        ("zh-Hans", "开启水泵之前，必须先关闭阀门。压力应在一分钟内升到五巴。"),
        ("zh-Hant", "開啟水泵之前，必須先關閉閥門。壓力應在一分鐘內升到五巴。"),
        ("en", "The package must contain a description that its user understands."),
        (None, "Ja."),
    ],
)
def test_chinese_is_written_in_two_kinds_of_characters(writing: str | None, text: str) -> None:
    assert detect_writing(text) == writing
