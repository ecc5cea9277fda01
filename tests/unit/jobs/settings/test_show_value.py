import tomllib

from jobs.settings.show_value import NOT_SET, as_toml
from tests.rows import each_row


@each_row(
    "value, shown",
    [
        (True, "true"),
        (3, "3"),
        (0.1, "0.1"),
        ("plain", "'plain'"),
        ("has \"both\" 'quotes'\n", '"has \\"both\\" \'quotes\'\\n"'),
        (("a", "b"), "['a', 'b']"),
        ([], "[]"),
        ({"why": 2.0, "a key": [{"x": False}]}, "{why = 2.0, 'a key' = [{x = false}]}"),
    ],
)
def test_value_is_shown_as_a_file_of_settings_has_it(value: object, shown: str) -> None:
    assert as_toml(value) == shown
    read = tomllib.loads(f"value = {shown}")["value"]
    assert read == (list(value) if isinstance(value, tuple) else value)


def test_what_is_not_set_is_said_in_words() -> None:
    assert as_toml(None) == NOT_SET
