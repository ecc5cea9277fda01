from jobs.text.private.personal_data import find_personal_data
from tests.rows import each_row


def found_in(text: str, language: str | None) -> list[str]:
    """`kind: what stands there` for each datum."""
    return [
        f"{each.name}: {text[each.span.start_char : each.span.end_char]}"
        for each in find_personal_data(text, language)
    ]


@each_row(
    "text, language, found",
    [
        ("Mail tanaka@kama.co.jp now.", "en", "e-mail address: tanaka@kama.co.jp"),
        ("連絡先はtanaka@kama.co.jpです。", "ja", "e-mail address: tanaka@kama.co.jp"),
        ("Call +44 20 7183 8750.", None, "phone number: +44 20 7183 8750"),
        ("Her desk: (212) 736-5000", "en", "phone number: (212) 736-5000"),
        ("Büro 030 901820", "de", "phone number: 030 901820"),
        ("电话：010-6512 3456", "zh", "phone number: 010-6512 3456"),
        ("手机号码13812094657", "zh", "phone number: 13812094657"),
        ("Card 4556 7375 8689 9855", "en", "card number: 4556 7375 8689 9855"),
        ("Konto DE34 3704 0044 0987 6543 21", "de", "IBAN: DE34 3704 0044 0987 6543 21"),
        ("DNI 53217648H", "es", "identity number: 53217648H"),
        ("NIE Y4719362Y", "es", "identity number: Y4719362Y"),
        ("身份证11010519850314417X", "zh", "identity number: 11010519850314417X"),
        ("Codice RSSGLI82T51F205P", "it", "tax number: RSSGLI82T51F205P"),
        ("Steuer-ID 36 574 261 809", "de", "tax number: 36 574 261 809"),
        ("N° 2 85 06 78 194 073 54", "fr", "social security number: 2 85 06 78 194 073 54"),
        ("SSN 219-09-4821", "en", "social security number: 219-09-4821"),
    ],
)
def test_numbers_that_are_given_to_people_are_found(
    text: str, language: str | None, found: str
) -> None:
    assert found_in(text, language) == [found]


@each_row(
    "text",
    [
        "The limit is 2147483647, as of commit 4028669531.",
        "The range is +1 000 000 000 to +9 999 999 999.",
        "https://web.archive.org/web/20180410025338/http://kiln.example.org",
        "ISBN 978-3-16-148410-0, DOI 10.1000/182, RFC 5322",
        "2024-05-13T08:15:30.123456+02:00, 192.0.2.14, 2001:db8::7334",
        "systemctl start user@1000.service; icon@2x.png",
        "git clone git@kilnhub.dev:pottery/wheel.git",
        "Card 4556 7375 8689 9856, account DE34 3704 0044 0987 6543 22, DNI 53217648A",
        "Batch 219-09-4821 of 36 574 261 809 pieces",
    ],
)
def test_numbers_of_things_are_left(text: str) -> None:
    assert found_in(text, "en") == []


def test_language_says_how_numbers_without_a_country_are_written() -> None:
    text = "Office: 030 901820"

    assert found_in(text, "de") == ["phone number: 030 901820"]
    assert found_in(text, "ja") == []
    assert found_in(text, None) == []


def test_time_grows_with_the_length_alone() -> None:
    text = "a." * 8_000 + "a@" * 4_000 + "1 " * 4_000 + "AB12 " * 4_000 + "+1" * 4_000

    assert found_in(text, "en") == []
