from jobs.text.wording.bare_pronouns import begins_with_pronoun
from tests.rows import each_row


@each_row(
    "answer, language",
    [
        ("It takes 35 minutes.", "en"),
        ("They are kept for two years.", None),
        ("This is done by the keeper.", "en"),
        ("Er wird alle 14 Tage geleert.", "de"),
        ("Sie dauert 35 Minuten.", "de"),
        ("Il ferme chaque nuit à 2 h.", "fr"),
        ("Elles restent dans la salle.", "fr"),
        ("Ella se calibra cada año.", "es"),
        ("Esso chiude il 30 settembre.", "it"),
        ("それは24度に保ちます。", "ja"),
        ("它保存五年。", None),
    ],
)
def test_answer_about_something_that_only_its_question_names(
    answer: str, language: str | None
) -> None:
    assert begins_with_pronoun(answer, language)


@each_row(
    "answer, language",
    [
        ("The restore takes 35 minutes.", "en"),
        ("It is important to wait.", "en"),
        ("This option stops the queue.", "en"),
        ("Itineraries are printed.", "en"),
        ("Sie müssen den Hebel ziehen.", "de"),
        ("Es gibt drei Pumpen.", "de"),
        ("Erst nach 14 Tagen.", "de"),
        ("Il faut payer 0,20 €.", "fr"),
        ("Il rifugio apre il 12 giugno.", "it"),
        ("Il rifugio apre.", None),
        ("El anemómetro se calibra.", "es"),
        ("これまでの記録を残します。", "ja"),
        ("其他设备不受影响。", "zh"),
    ],
)
def test_answer_that_names_its_subject_or_has_none(answer: str, language: str | None) -> None:
    assert not begins_with_pronoun(answer, language)
