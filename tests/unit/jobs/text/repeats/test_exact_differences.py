from jobs.text.repeats.exact_differences import ask_differently, differ_exactly
from tests.rows import each_row
from tests.unit.jobs.text.repeats import test_near_duplicates

OTHER = (
    (
        "What is the default of the option min_connections in the configuration of the server?",
        "What is the default of the option max_connections in the configuration of the server?",
    ),
    ("How is the port of MySQL changed?", "How is the port of PostgreSQL changed?"),
    ("The journal is kept for 30 days.", "The journal is kept for 60 days."),
    ("The journal is kept for thirty days.", "The journal is kept for thirty hours."),
    ("The file is read at start.", "The file is not read at start."),
    ("Die Datei wird beim Start gelesen.", "Die Datei wird beim Start nicht gelesen."),
    (
        "The configuration file is read when the server starts, and once again on a signal.",
        "Die Konfigurationsdatei wird beim Start des Servers und bei einem Signal gelesen.",
    ),
)
SAME = (
    ("How is the port of MySQL changed?", "How do you change the port of MySQL?"),
    ("How is the port of a MySQL server changed?", "How is the port of a server changed?"),
    ("Use `purge` to delete it.", "Use purge to delete it."),
    ("The journal is kept for 30 days.", "The journal is kept for thirty days."),
    (
        "Bevor die Werkstatt abends schließt, schaltet der letzte beide Maschinen aus.",
        "Bevor die Werkhalle abends schließt, schaltet der letzte beide Drehbänke aus.",
    ),
    ("What does the option -f of dpkg do by default?", "What does dpkg's -f option do by default?"),
    ("ログは30日間保存される。", "ログは三十日間保存される。"),
)


@each_row("one, other", OTHER)
def test_texts_that_say_other_things_in_nearly_the_same_words_differ(one: str, other: str) -> None:
    assert differ_exactly(one, other)
    assert differ_exactly(other, one)


@each_row("one, other", [*SAME, *test_near_duplicates.SAME, *test_near_duplicates.TOGETHER])
def test_texts_that_only_word_the_same_differently_do_not(one: str, other: str) -> None:
    assert not differ_exactly(one, other)
    assert not differ_exactly(other, one)


@each_row(
    "one, other",
    [
        ("How long does it take to fill the lock?", "How long does it take to empty the lock?"),
        (
            "Wie lange dürfen in der Bücherei Filme behalten werden?",
            "Wie lange dürfen in der Bücherei Spiele behalten werden?",
        ),
        (
            "Comment corrige-t-on une horloge qui retarde ?",
            "Comment corrige-t-on une horloge qui avance ?",
        ),
    ],
)
def test_one_exchanged_word_makes_another_question_and_no_other_text(one: str, other: str) -> None:
    assert ask_differently(one, other)
    assert not differ_exactly(one, other)


@each_row(
    "one, other",
    [
        *test_near_duplicates.SAME,
        ("Which port does the server use?", "Which ports does the server use?"),
        ("How can the lock be filled at night?", "How may the lock be filled at night?"),
        ("湯の温度は何度に保ちますか？", "湯の温度は何度に保たれますか？"),
    ],
)
def test_other_forms_and_small_words_make_no_other_question(one: str, other: str) -> None:
    assert not ask_differently(one, other)
