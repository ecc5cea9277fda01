"""The stages of an evaluation in their order: from the dataset to scored answers."""

from jobs.evaluation.answer_samples import MODEL_ANSWERS
from jobs.evaluation.pair_answers import PAIRS
from jobs.evaluation.questions.build_samples import SAMPLES
from jobs.evaluation.questions.new_questions import NEW_QUESTIONS
from jobs.evaluation.score_answers import SCORES
from jobs.run.stages import Stages
from schemas.evaluation import Contest

JUDGING: Stages[Contest] = (SCORES, PAIRS)  # all that a judge is asked
EVALUATION: Stages[Contest] = (NEW_QUESTIONS, SAMPLES, MODEL_ANSWERS, *JUDGING)
