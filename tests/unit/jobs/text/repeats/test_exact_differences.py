from jobs.text.repeats.exact_differences import differ_exactly
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
