"""What the user asks an evaluation to compare: which models, which questions, which mode."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schemas.evaluation import Mode, Role


class Contest(NamedTuple):
    """The models by role and their mode. `questions`: only these, in place of the run's own."""

    models: Mapping[Role, str]
    mode: Mode
    questions: Sequence[str] | None
