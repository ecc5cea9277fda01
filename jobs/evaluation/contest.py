"""What an evaluation is about: who answers which questions, and how."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schemas.evaluation import Mode, Role


class Contest(NamedTuple):
    """Who answers what, and how. `questions`: only these, in place of the run's own."""

    models: Mapping[Role, str]
    mode: Mode
    questions: Sequence[str] | None
