"""Texts with questions and answers that people have judged, and how judgements agree."""

from pydantic import Field

from schemas.dataset import Kind
from schemas.record import Record, Value


class LabelledQuestion(Value):
    """A question about a text, the numbers of its sentences of evidence, and what people say.

    `why` is a word for what is wrong with it, empty if nothing is.
    """

    text: str
    kind: Kind
    evidence: tuple[int, ...] = Field(min_length=1)
    is_good: bool
    why: str = ""


class LabelledAnswer(Value):
    """An answer to a question about a text; `is_good` and `why` are of the answer alone."""

    question: str
    question_evidence: tuple[int, ...] = Field(min_length=1)
    evidence: tuple[int, ...] = Field(min_length=1)
    text: str
    is_good: bool
    why: str = ""


class LabelledText(Record):
    """A text and all that people have judged about it; `language` is an ISO 639-1 code."""

    label_id: str
    language: str
    title: str
    headings: tuple[str, ...] = ()
    text: str
    questions: tuple[LabelledQuestion, ...] = ()
    answers: tuple[LabelledAnswer, ...] = ()


class Agreement(Value):
    """How a judge's drops agree with people's. `caught`: bad and dropped; `lost`: good and dropped.

    Precision is the share of drops that are right, recall the share of bad ones that are dropped;
    kappa is Cohen's, agreement beyond chance.
    """

    caught: int
    missed: int
    lost: int
    kept: int

    @property
    def precision(self) -> float:
        """1 if nothing was dropped."""
        dropped = self.caught + self.lost
        return self.caught / dropped if dropped else 1.0

    @property
    def recall(self) -> float:
        """1 if nothing was bad."""
        bad = self.caught + self.missed
        return self.caught / bad if bad else 1.0

    @property
    def kappa(self) -> float:
        """0 where chance alone would agree as often."""
        total = self.caught + self.missed + self.lost + self.kept
        if not total:
            return 0.0
        agreed = (self.caught + self.kept) / total
        bad, dropped = self.caught + self.missed, self.caught + self.lost
        chance = (bad * dropped + (total - bad) * (total - dropped)) / total**2
        return (agreed - chance) / (1 - chance) if chance < 1 else 0.0
