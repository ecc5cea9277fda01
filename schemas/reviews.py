"""What people decide about rows, and how they label answers."""

from typing import Literal

from schemas.evaluation import Metric
from schemas.record import Record

Decision = Literal["keep", "drop", "edit", "comment"]


class Review(Record):
    """What a reviewer decided about a row; a later line about the same row counts.

    `row_hash` is that of the row's question and answer as the run holds them: a decision is about
    this text, and about no other that a later call may put in its place. `question` and `answer`
    are the new texts of an edit. A comment decides nothing.
    """

    review_id: str
    row_hash: str
    answer_id: str
    document_id: str
    reviewer: str
    decision: Decision
    question: str = ""
    answer: str = ""
    comment: str = ""
    at: str


class Label(Record):
    """What a person says of an answer whose model was not shown; a later line counts.

    `value` is between 0 (no) and 1 (yes): as the judge's value of the same metric.
    """

    label_id: str
    answer_id: str
    metric: Metric
    value: float
    labeler: str
    comment: str = ""
    at: str
