"""What the comparison of a served student with the trained one has found."""

from typing import Literal

from schemas.record import Value

CheckName = Literal["template", "tokens", "end", "probabilities", "answers"]


class ParityCheck(Value):
    """One check: what was compared, and where it fails, what is wrong and what to do."""

    name: CheckName
    is_passed: bool
    words: str


class ParityReport(Value):
    """All checks of one served file, in the order of the causes; they are in RUN/student/JOB.

    `memory_bytes` is the most that its server took; None: that is not known.
    """

    model_name: str
    file: str
    row_count: int
    position_count: int
    checks: tuple[ParityCheck, ...]
    memory_bytes: int | None = None

    @property
    def is_passed(self) -> bool:
        """Whether the served student may count as the tuned one."""
        return all(check.is_passed for check in self.checks)

    def problems(self) -> list[str]:
        """What is wrong, a line a check that failed."""
        return [f"{check.name}: {check.words}" for check in self.checks if not check.is_passed]


def passed(name: CheckName, words: str) -> ParityCheck:
    """A check that found what it should."""
    return ParityCheck(name=name, is_passed=True, words=words)


def failed(name: CheckName, words: str) -> ParityCheck:
    """A check that did not; `words` say what is wrong, and what to do."""
    return ParityCheck(name=name, is_passed=False, words=words)
