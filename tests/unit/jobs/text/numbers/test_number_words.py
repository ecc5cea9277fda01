from jobs.text.numbers.number_words import find_number_words
from tests.rows import each_row


@each_row(
    "text, values",
    [
        ("twenty-five minutes, two hundred and fifty files", [25, 250]),
        ("Zweiunddreißig oder zweiunddreissig, hundert, zweihundertfünfzig", [32, 32, 100, 250]),
        ("soixante-dix-sept, quatre-vingt-dix-neuf, vingt et un, deux cents", [77, 99, 21, 200]),
        ("dieciséis, cuarenta y cinco, doscientos", [16, 45, 200]),
        ("三十分、二百五十、二〇年、两天", [30, 250, 20, 2]),
        ("one, ein, une, una, 一", []),
        ("fifty cents, fifty thousand, 五万", [50]),
        ("someone, Zweifel, septembre", []),
    ],
)
def test_numbers_in_words_are_read_and_articles_are_not(text: str, values: list[int]) -> None:
    found = list(find_number_words(text))

    assert [each.value for each in found] == values
    assert all(text[each.start : each.end].strip() for each in found)
