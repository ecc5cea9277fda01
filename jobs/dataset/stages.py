"""The stages of a dataset in their order: from a folder of documents to rows."""

from jobs.dataset.ask_teacher import ANSWERS, QUESTIONS
from jobs.dataset.judge.judge_rows import VERDICTS
from jobs.dataset.questions.further_questions import FURTHER
from jobs.dataset.questions.keep_questions import KEPT_QUESTIONS
from jobs.dataset.questions.question_vectors import QUESTION_VECTORS
from jobs.dataset.rows.export_dataset import EXPORT
from jobs.dataset.rows.unanswerable import UNANSWERABLE
from jobs.documents.chunk_documents import CHUNKS
from jobs.documents.read_documents import DOCUMENTS
from jobs.documents.split_documents import SPLIT
from jobs.documents.whole_corpus.check_held_out import HELD_OUT_CHECK
from jobs.documents.whole_corpus.find_boilerplate import BOILERPLATE
from jobs.documents.whole_corpus.find_twins import TWINS
from jobs.run.stages import Stages

DATASET: Stages[None] = (
    DOCUMENTS,
    BOILERPLATE,
    TWINS,
    SPLIT,
    CHUNKS,
    HELD_OUT_CHECK,
    QUESTIONS,
    FURTHER,
    QUESTION_VECTORS,
    KEPT_QUESTIONS,
    ANSWERS,
    VERDICTS,
    UNANSWERABLE,
    EXPORT,
)
