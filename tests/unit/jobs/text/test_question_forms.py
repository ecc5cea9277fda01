import pytest

from jobs.text.question_forms import asks_yes_or_no, names_nothing
from jobs.text.word_overlap import telling_words

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


@pytest.mark.parametrize("question", YES_NO)
def test_question_that_yes_or_no_answers_is_recognised(question: str) -> None:
    assert asks_yes_or_no(question)


@pytest.mark.parametrize("question", OPEN)
def test_open_question_is_not_taken_for_yes_or_no(question: str) -> None:
    assert not asks_yes_or_no(question)


@pytest.mark.parametrize(
    "question",
    ["What happens if the command fails?", "What should you do next?", "Was passiert bei Fehlern?"],
)
def test_question_that_fits_anything_names_nothing(question: str) -> None:
    assert names_nothing(telling_words(question)) is ("Fehlern" not in question)


def test_question_with_one_name_names_something() -> None:
    assert not names_nothing(telling_words("What happens if the dpkg command fails?"))
