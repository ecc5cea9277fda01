"""What a verdict means under the settings of today: nothing is asked, so it costs nothing."""

from jobs.dataset.judge.ask_judge import QaVerdict
from schemas.dataset import Fault
from schemas.settings import JudgeSettings


def find_verdict_fault(verdict: QaVerdict, settings: JudgeSettings) -> Fault | None:
    """The first reason to drop a pair; None: the judge has nothing against it."""
    return _find_question_fault(verdict, settings) or _find_answer_fault(verdict, settings)


def _find_question_fault(verdict: QaVerdict, settings: JudgeSettings) -> Fault | None:
    if not verdict.language_fits:
        return Fault("judged_other_language")
    if verdict.leans:
        return Fault("judged_leaning", detail=verdict.reworded)
    if not verdict.answerable:
        return Fault("judged_unanswerable")
    if not verdict.kind_fits:
        return Fault("judged_other_kind")
    if verdict.useful < settings.min_useful:
        return Fault("judged_useless", verdict.useful, settings.min_useful)
    return None


def _find_answer_fault(verdict: QaVerdict, settings: JudgeSettings) -> Fault | None:
    share = supported_share(verdict)
    if share < settings.min_supported:
        unsupported = "; ".join(each.claim for each in verdict.claims if not each.sentence)
        return Fault("judged_unsupported", share, settings.min_supported, unsupported)
    return None if verdict.complete else Fault("judged_incomplete")


def supported_share(verdict: QaVerdict) -> float:
    """The share of the claims that a sentence supports; 1 without claims."""
    if not verdict.claims:
        return 1.0
    supported = sum(claim.sentence > 0 for claim in verdict.claims)
    return round(supported / len(verdict.claims), 4)
