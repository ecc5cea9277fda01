from jobs.text.content_words import content_overlap
from jobs.text.word_overlap import word_overlap
from tests.rows import each_row

PAIRS = (  # the same question and evidence, so that languages can be compared
    (
        "Why must a package be removed before it is built again?",
        "A package must be removed before it is built again, since old files would stay.",
    ),
    (
        "Warum muss ein Paket entfernt werden, bevor es erneut gebaut wird?",
        "Ein Paket muss entfernt werden, bevor es erneut gebaut wird, da alte Dateien blieben.",
    ),
    (
        "Pourquoi un paquet doit-il être supprimé avant d'être reconstruit ?",
        "Un paquet doit être supprimé avant d'être reconstruit, car de vieux fichiers resteraient.",
    ),
    (
        "パッケージを再構築する前に削除する必要があるのはなぜですか？",
        "古いファイルが残るため、パッケージを再構築する前に削除する必要があります。",
    ),
)


@each_row("question, evidence", PAIRS)
def test_question_in_the_words_of_its_evidence_overlaps_in_any_language(
    question: str, evidence: str
) -> None:
    assert word_overlap(question, evidence) >= 0.8


@each_row("index", range(len(PAIRS)))
def test_question_about_something_else_does_not_overlap_in_any_language(index: int) -> None:
    others = {
        0: "Bees are fed syrup in autumn, when the nights are cold.",
        1: "Bienen werden im Herbst mit Sirup gefüttert, wenn die Nächte kalt sind.",
        2: "Les abeilles sont nourries de sirop en automne, quand les nuits sont froides.",
        3: "夜が寒い秋には、蜂にシロップを与える。",
    }

    assert word_overlap(PAIRS[index][0], others[index]) < 0.1


def test_grammar_of_other_languages_does_not_count_as_it_did() -> None:
    question, evidence = "Wann wird die Datei gelöscht?", "Wenn das nicht so ist, wird die Mail da."

    assert content_overlap(question, evidence) > 0.3
    assert word_overlap(question, evidence) == 0.0


def test_parts_of_put_together_words_count() -> None:
    assert word_overlap("Versionsabhängigkeiten?", "die Abhängigkeiten der Version") == 1.0


def test_text_without_telling_words_says_nothing_against_it() -> None:
    assert word_overlap("What is it?", "Bees.") == 1.0
