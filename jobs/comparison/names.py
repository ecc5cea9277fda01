"""The words that the comparison is shown in, the same in the terminal and in the report."""

from schemas.comparison import Contender
from schemas.evaluation import Metric

SLICE_LABELS = {
    "held_out_document": "held-out text",
    "new_question": "new questions on training text",
    "imported": "imported questions",
    "unanswerable": "unanswerable questions",
    "answerable": "all answerable questions",
}


def metric_label(metric: Metric) -> str:
    """The name of a metric."""
    return metric.replace("_", " ").capitalize()


def pair_label(contender: Contender, versus: Contender) -> str:
    """The name of a difference: what they have in common is said once."""
    if contender.role == versus.role:
        return f"{contender.role}, {contender.mode} - {versus.mode} book"
    return f"{contender.role} - {versus.role}, {contender.mode} book"
