"""A text that has nothing to do with any corpus: how much of it is forgotten shows what else is.

other_text.txt was written for this purpose as a part of this project, under its license: eight
paragraphs of plain English prose.
"""

from importlib.resources import files

from jobs.finetune.student.source.chat_template import EncodedRow
from jobs.finetune.student.source.vocabulary import Vocabulary

FORGOTTEN_ABOVE = 0.05  # nats a token by which this text may become less likely without a warning


def other_text_rows(vocabulary: Vocabulary) -> list[EncodedRow]:
    """The paragraphs, each after its first token, which nothing stands before."""
    text = files("jobs.finetune.student").joinpath("other_text.txt").read_text("utf-8")
    rows = (tuple(vocabulary.ids(paragraph)) for paragraph in text.strip().split("\n\n"))
    return [EncodedRow(ids, 1) for ids in rows if len(ids) > 1]
