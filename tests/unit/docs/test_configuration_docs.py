"""docs/configuration.md is what scripts/write_configuration_docs.py writes."""

from jobs.settings.resolve import setting_keys
from scripts.write_configuration_docs import PAGE, render

TEXT = PAGE.read_text(encoding="utf-8")


def test_page_is_up_to_date() -> None:
    assert render() == TEXT, "run: python scripts/write_configuration_docs.py"


def test_every_setting_has_one_row_and_every_table_one_heading() -> None:
    rows = [line.split("`")[1] for line in TEXT.splitlines() if line.startswith("| `")]
    headings = [line for line in TEXT.splitlines() if line.startswith("## ")]

    assert sorted(rows) == sorted(setting_keys()), "run: python scripts/write_configuration_docs.py"
    assert len(headings) == len(set(headings))
