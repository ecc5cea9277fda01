from jobs.text.numbers.clock_times import is_same_time, is_time_of
from jobs.text.numbers.quantities import numbers_in
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


@each_row(
    "number, text, source, is_same",
    [
        ("9:45", "It leaves at 9:45 p.m.", "It leaves at 21:45.", True),
        ("9:45", "It leaves at 9:45 p.m.", "Il part à 21 h 45.", True),
        ("6", "At 6 p.m.", "Um 18 Uhr.", True),
        ("9:45", "It leaves at 9:45 a.m.", "It leaves at 21:45.", False),
        ("9:45", "It leaves at 9:45 p.m.", "It leaves at 20:45.", False),
    ],
)
def test_time_of_the_afternoon_is_that_of_a_day_of_24_hours(
    number: str, text: str, source: str, *, is_same: bool
) -> None:
    assert is_same_time(number, text, source) is is_same
