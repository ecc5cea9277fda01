import re

from jobs.text.wording.english_phrases import (
    ABOUT_THE_BOOK,
    LEANING_ANSWER,
    LEANING_QUESTION,
    NON_ANSWER,
)
from jobs.text.wording.fair_phrases import without_fair_phrases
from tests.rows import each_row

FAIR = (
    ("What does SQLite do when the table defines no primary key?", "", LEANING_QUESTION),
    ("If the option is not explicitly specified, the default holds.", "", NON_ANSWER),
    ("If the page has no room left, another page takes the row.", "A page holds rows.", NON_ANSWER),
    ("The section gives no version; debian/control does.", "Each section has a name.", NON_ANSWER),
    ("The version is not given in the section of debian/control.", "", NON_ANSWER),
    ("The list is read from the given source and sorted.", "", LEANING_ANSWER),
    (
        "There is no information about pages in the super-journal: it holds names.",
        "",
        NON_ANSWER,
    ),
)
POINTING = (
    ("The text gives no reason.", "The text of a page is kept.", NON_ANSWER),
    ("This page has no more on that.", "A page holds rows.", NON_ANSWER),
    ("There is no mention of a shell in the instructions.", "", NON_ANSWER),
    ("What does section 3.7 say?", "Each section of it is kept.", ABOUT_THE_BOOK),
    ("What does the command in the example print?", "The command prints.", LEANING_QUESTION),
)


@each_row("text, evidence, phrases", FAIR)
def test_phrase_about_the_subject_is_left_alone(
    text: str, evidence: str, phrases: re.Pattern[str]
) -> None:
    assert phrases.search(text)
    assert not phrases.search(without_fair_phrases(text, evidence))


@each_row("text, evidence, phrases", POINTING)
def test_phrase_that_points_at_the_text_is_still_found(
    text: str, evidence: str, phrases: re.Pattern[str]
) -> None:
    assert phrases.search(without_fair_phrases(text, evidence))
