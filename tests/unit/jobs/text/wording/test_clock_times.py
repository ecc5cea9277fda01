from jobs.text.wording.clock_times import is_time_of
from jobs.text.wording.quantities import numbers_in
from tests.rows import each_row


@each_row(
    "number, text, is_known",
    [
        ("18:00", "Access is free until 6 p.m.", True),
        ("8:00", "Der Einlass ist von 8 bis 18 Uhr frei.", True),
        ("9:30", "Le marché ouvre à 9 h 30.", True),
        ("9:30", "会議は9時半に始まる。", True),
        ("15:00", "下午3点开门。", True),
        ("18:00", "Access is free until 6 a.m.", False),
        ("9:45", "Le marché ouvre à 9 h 30.", False),
        ("18:00", "It holds 18 boxes.", False),
        ("18", "Access is free until 6 p.m.", False),
    ],
)
def test_time_of_day_is_known_however_it_is_written(number: str, text: str, is_known: bool) -> None:
    assert is_time_of(number, text, numbers_in(text)) is is_known
