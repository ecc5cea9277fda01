from jobs.text.numbers.calendar_names import find_calendar_names, find_unknown_day
from tests.rows import each_row


@each_row(
    "text, source, day",
    [
        ("On Sunday.", "It opens on Saturday at three.", "Sunday"),
        ("Le dimanche à 15 heures.", "Les visites ont lieu le samedi à 15 heures.", "dimanche"),
        ("Im Juni.", "Das Fest ist im Juli.", "Juni"),
        ("日曜日です。", "土曜日に開く。", "日曜日"),
        ("星期二。", "星期三关闭。", "星期二"),
        ("Na quarta-feira.", "Abre na Segunda-Feira.", "quarta-feira"),
        ("毎週月曜に開く。", "毎週金曜日に開く。", "月曜"),
        ("每周天气", "星期三关闭。", None),
        ("On Saturdays.", "It opens on Saturday at three.", None),
        ("Am Samstag.", "It opens on Saturday at three.", None),
        ("On Wednesday.", "It opens Monday to Friday.", None),
        ("From Tuesday on.", "It opens daily except Mondays.", None),
        ("Von November bis April nicht.", "Sie fährt von Mai bis Oktober.", None),
        ("On Sunday.", "It opens at the weekend.", None),
        ("It may march.", "It is in July.", None),
    ],
)
def test_day_that_the_source_does_not_name_is_found(
    text: str, source: str, day: str | None
) -> None:
    assert find_unknown_day(text, source) == day


def test_names_are_the_same_in_each_language() -> None:
    days = ("Monday", "Montag", "lundi", "lunes", "lunedì", "月曜日", "星期一")

    found = {each.name for day in days for each in find_calendar_names(f"... {day} ...")}

    assert found == {"day0"}
