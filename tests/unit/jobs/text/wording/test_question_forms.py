from jobs.text.word_overlap import telling_words
from jobs.text.wording.question_forms import (
    asks_in_other_language,
    asks_twice,
    asks_yes_or_no,
    names_nothing,
    stands_on_pronoun,
)
from tests.rows import each_row

YES_NO = (
    "Can a package be taken over without its maintainer?",
    "Isn't the journal flushed twice?",
    "The disk is full. Does the commit fail?",
    "Muss die Kurzbeschreibung ein ganzer Satz sein?",
    "Gibt es eine Grenze für Zeilen?",
    "Schaden die Tropfen dem Getriebe?",
    "Faut-il redémarrer le service ?",
    "Est-ce que le fichier est supprimé ?",
    "Le paquet doit-il être signé ?",
    "¿Puede instalarse dos veces?",
    "このオプションは使えますか？",
    "这个文件会被删除吗？",
)
OPEN = (
    "What can apt do that dpkg cannot?",
    "In which list is it named?",
    "Is a purge or a removal what deletes the files?",
    "You removed it. What state is it in?",
    "Was sollte man vorher tun?",
    "Was bedeutet es für andere Pakete?",
    "Mit der Option was geschieht?",
    "Unter einer Last von 5 kg verformt sich welche Feder?",
    "When the disk is full, what happens?",
    "Wie kann man es ändern?",
    "Que fait la commande ?",
    "Pourquoi le service doit-il redémarrer ?",
    "¿Qué hace la opción?",
    "どのファイルが使われますか？",
    "什么时候删除这个文件？",
)


@each_row("question", YES_NO)
def test_question_that_yes_or_no_answers_is_recognised(question: str) -> None:
    assert asks_yes_or_no(question)


@each_row("question", OPEN)
def test_open_question_is_not_taken_for_yes_or_no(question: str) -> None:
    assert not asks_yes_or_no(question)


@each_row(
    "question",
    ["What happens if the command fails?", "What should you do next?", "Was passiert bei Fehlern?"],
)
def test_question_that_fits_anything_names_nothing(question: str) -> None:
    assert names_nothing(telling_words(question)) is ("Fehlern" not in question)


def test_question_with_one_name_names_something() -> None:
    assert not names_nothing(telling_words("What happens if the dpkg command fails?"))


@each_row(
    "question, language",
    [
        ("When the disk is full, does the server go on?", "en"),
        ("Backen Roggenbrote länger als Weizenbrote?", "de"),
        ("Le gardien note-t-il le niveau dans un fichier ?", "fr"),
        ("¿Restauró Rosa Cifuentes la rueda?", "es"),
        ("Il forno resta chiuso?", "it"),
        ("木枠は冬に布で覆うべきか？", "ja"),
        ("烘干机是否需要预热？", "zh"),
        ("能不能启动机器？", "zh"),
    ],
)
def test_question_without_an_asking_word_is_answered_by_yes_or_no(
    question: str, language: str
) -> None:
    assert asks_yes_or_no(question, language)


@each_row(
    "question, language",
    [
        ("Bleibt die Tür offen oder verriegelt?", "de"),
        ("Does the proxy stop serving or only logging?", "en"),
        ("Woran erkennt man einen Fehler?", "de"),
        ("Auf welche Datei wird geschrieben?", "de"),
        ("Inwiefern unterscheidet sich beides?", "de"),
        ("Woraufhin wird der Dienst neu gestartet?", "de"),
        ("Worum geht es bei einer Sperre?", "de"),
        ("Desquels fichiers dépend le service ?", "fr"),
        ("Dov'è il file di configurazione?", "it"),
        ("Van wie is het pakket?", "nl"),
        ("À quel moment la sirène retentit-elle ?", "fr"),
        ("Was passiert, wenn der Befehl scheitert?", "en"),  # another language asks here
        ('What does "fixup! " do in a commit?', "en"),
        ("空運転は何分間行いますか？", "ja"),
        ("要预热多久？", "zh"),
    ],
)
def test_choice_and_asking_word_of_any_kind_ask_for_more(question: str, language: str) -> None:
    assert not asks_yes_or_no(question, language)


@each_row(
    "question, expected",
    [
        ("湯はいつ抜かれますか？また、誰が掘り当てましたか？", True),
        ("How large is the cache, and does it limit the disk?", True),
        ("What does `a?b?` match?", False),
        ('What does the prompt "Sure? [y/n]" wait for?', False),
        ("What is the difference between ? and * in a pattern?", False),
    ],
)
def test_two_questions_are_told_by_marks_and_by_what_follows_an_and(
    question: str, expected: bool
) -> None:
    assert asks_twice(question) is expected


@each_row(
    "question, expected",
    [
        ("When is it read?", True),
        ("Wozu dient er?", True),
        ("Quand retentit-elle ?", True),
        ("それはなぜですか？", True),
        ("Why is it called umask?", False),
        ("Où la sirène est-elle ?", False),
        ("What is umask?", False),
        ("How do you install it with `apt`?", False),
    ],
)
def test_pronoun_alone_names_nothing(question: str, expected: bool) -> None:
    assert stands_on_pronoun(question) is expected


@each_row(
    "question, language, expected",
    [
        ("Was enthält die Datei?", "en", True),
        ("What does the file hold?", "de", True),
        ("Que contient le fichier ?", "de", True),
        ("Was enthält die Datei?", "de", False),
        ("What does the file hold?", "en", False),
        ('Which day is called "was" by dpkg?', "en", False),
        ("Was enthält die Datei?", None, False),
        ("Was enthält die Datei?", "ja", False),
    ],
)
def test_short_question_in_another_language_is_told_by_its_asking_word(
    question: str, language: str | None, expected: bool
) -> None:
    assert asks_in_other_language(question, language) is expected
