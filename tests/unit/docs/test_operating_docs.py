"""docs/operating.md names every field of the JSON of `distill status`, and every state."""

import re
from pathlib import Path
from typing import get_args

from schemas.record import Value
from schemas.summary import (
    BatchesSummary,
    CoverageSummary,
    DocumentsSummary,
    OpenBatch,
    Remaining,
    RequestSummary,
    RunState,
    RunSummary,
    ScoreSummary,
    StageSummary,
    StateName,
)
from tests.rows import each_row

DOCS = (Path(__file__).parents[3] / "docs" / "operating.md").read_text(encoding="utf-8")
JSON = DOCS[DOCS.index("### The JSON") :].split("\n## ")[0]
RECORDS: list[type[Value]] = [
    RunSummary,
    RunState,
    StageSummary,
    CoverageSummary,
    DocumentsSummary,
    RequestSummary,
    BatchesSummary,
    OpenBatch,
    Remaining,
    ScoreSummary,
]


@each_row("kind", RECORDS)
def test_every_field_of_the_status_is_described(kind: type[Value]) -> None:
    described = set(re.findall(r"`(\w+)`", JSON))

    assert set(kind.model_fields) - described == set()


def test_every_state_is_described() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", DOCS.split("### The JSON")[0], re.MULTILINE)

    assert rows == list(get_args(StateName))
