"""Which answers decline to answer, and of which it cannot be told."""

from engine.local.model import CHAT_MODEL
from jobs.evaluation.read_evaluation import Evaluation
from jobs.text.languages import detect_language
from schemas.evaluation import REFUSAL, ModelAnswer, Sample, Score, is_evasive

KNOWN_WORDING = "en"  # the language whose refusals are known by their wording


def find_refusals(evaluation: Evaluation) -> dict[str, bool | None]:
    """By answer id: whether it declines; None: unknown.

    The judge's verdict decides, in any language; not that of the model embedded here, which calls
    nearly every answer noncommittal. Where there is none, an answer whose wording is
    that of a refusal is one; another is none if it is in English, and unknown otherwise.
    """
    judged = {
        **{s.answer_id: is_evasive(s.findings) for s in evaluation.scores if _tells(s)},
        **{
            s.answer_id: s.value > 0
            for s in evaluation.scores
            if s.metric == REFUSAL and s.value is not None and s.judge_model != CHAT_MODEL
        },
    }
    samples = {sample.sample_id: sample for sample in evaluation.samples}
    return {
        answer.answer_id: judged[answer.answer_id]
        if answer.answer_id in judged
        else _by_wording(answer, samples[answer.sample_id])
        for answer in evaluation.answers
    }


def _tells(score: Score) -> bool:
    """Whether the questions that the judge made of the answer are known: not from ragas."""
    is_known = score.metric == "answer_relevancy" and bool(score.findings)
    return is_known and score.judge_model != CHAT_MODEL


def _by_wording(answer: ModelAnswer, sample: Sample) -> bool | None:
    if answer.is_refusal:
        return True
    language = detect_language(answer.text) or detect_language(sample.context)
    return False if language == KNOWN_WORDING else None
