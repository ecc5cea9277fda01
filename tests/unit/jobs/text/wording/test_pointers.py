from jobs.text.wording.pointers import find_demonstrative, find_pointer
from tests.rows import each_row

SOURCE = "The proxy keeps its log in a file. A section of the file names the clients."
POINTING = (
    ("The excerpt tells us to restart the proxy.", "excerpt"),
    ("How does the proxy described in the manual log its clients?", "manual"),
    ("Wie im letzten Abschnitt gezeigt, mit einem Neustart.", "Abschnitt"),
    ("Im Handbuch steht, dass man den Proxy neu startet.", "Handbuch"),
    ("Comme le montre l'extrait, on relance le service.", "extrait"),
    ("Quelle commande, citée précédemment, relance le service ?", "précédemment"),
    ("El fragmento señala que hay que reiniciar.", "fragmento"),
    ("この文章によると、再起動する。", "この文章"),
    ("如上所述，需要重启。", "如上"),
)
PLAIN = (
    "Each section of the file names a client.",  # the source speaks of sections
    "What does the Debian Policy Manual ask of a log?",
    "The manual page of the proxy is installed with it.",
    "Der Proxy schreibt in seine Datei.",
)


@each_row("text, word", POINTING)
def test_word_that_points_at_a_text_is_named(text: str, word: str) -> None:
    assert find_pointer(text, SOURCE) == word


@each_row("text", PLAIN)
def test_subject_of_the_source_and_names_do_not_point(text: str) -> None:
    assert find_pointer(text, SOURCE) == ""


@each_row(
    "question, noun",
    [
        ("Which of these options keeps the log?", "options"),
        ("Was bewirkt diese Option?", "Option"),
        ("Que fait cette option ?", "option"),
        ("¿Qué hace esta opción?", "opción"),
        ("このコマンドは何をしますか？", "コマンド"),
        ("这个命令有什么作用？", "命令"),
        ("A proxy has a log. What does the proxy do with this log?", ""),
        ("If the log is full, what should be done in this case?", ""),
        ("Qu'est-ce que le journal ?", ""),
        ("再起動のその後は何が起こりますか？", ""),
        ("Which package holds what this week's build made?", ""),
    ],
)
def test_noun_that_was_never_named_is_pointed_at(question: str, noun: str) -> None:
    assert find_demonstrative(question) == noun
