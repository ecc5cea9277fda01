"""What an examination finds: a line each, fine, worth knowing, or wrong with what to do."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

FindingVerdict = Literal["ok", "note", "not ok"]


class Finding(NamedTuple):
    """One thing that was looked at. What is `not ok` keeps a run from working."""

    about: str
    verdict: FindingVerdict
    text: str


def describe_findings(findings: Sequence[Finding]) -> str:
    """A line a finding, in their order."""
    width = max((len(each.about) for each in findings), default=0)
    return "\n".join(f"{each.verdict:<7} {each.about:<{width}}  {each.text}" for each in findings)


def is_all_well(findings: Sequence[Finding]) -> bool:
    """Whether nothing is wrong."""
    return all(each.verdict != "not ok" for each in findings)
