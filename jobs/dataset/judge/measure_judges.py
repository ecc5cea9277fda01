"""Measures free filters and a judge on judged questions and answers."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from engine.ask import Ask
from jobs.dataset.filters.filter_answers import find_grounded_answer_fault
from jobs.dataset.filters.filter_questions import find_grounded_question_fault
from jobs.dataset.filters.source_text import SourceText
from jobs.dataset.judge.ask_judge import JudgeCall, Judged, QaPair, Unjudged, judge_pairs
from jobs.dataset.judge.labelled_texts import chunk_of
from jobs.dataset.judge.verdict_faults import find_verdict_fault
from jobs.documents.passages import Passages
from jobs.text.numbered_sentences import number_sentences
from schemas.dataset import Fault
from schemas.documents import Chunk
from schemas.labels import Agreement, LabelledAnswer, LabelledQuestion, LabelledText
from schemas.record import content_id
from schemas.settings import JudgeSettings, RunSettings

What = Literal["questions", "answers"]


class JudgedText(NamedTuple):
    """What people say of one text, and for which reason each judge drops it; empty: it does not."""

    what: What
    language: str
    is_good: bool
    why: str
    reasons: dict[str, str]


def decide_freely(text: LabelledText, settings: RunSettings) -> list[JudgedText]:
    """What the free filters say of all questions and answers about a text, in their order."""
    chunk = chunk_of(text)
    questions = [
        JudgedText(
            "questions",
            text.language,
            q.is_good,
            q.why,
            {"free": _question_reason(q, chunk, settings)},
        )
        for q in text.questions
    ]
    answers = [
        JudgedText(
            "answers", text.language, a.is_good, a.why, {"free": _answer_reason(a, chunk, settings)}
        )
        for a in text.answers
    ]
    return [*questions, *answers]


async def decide_by_judge(
    text: LabelledText, model: str, ask: Ask, settings: JudgeSettings
) -> list[str]:
    """The reasons of a judge in the same order; what it did not judge is not dropped.

    Questions are shown without an answer. Of an answer only what is wrong with it counts.
    """
    chunk = chunk_of(text)
    questions = [QaPair(q.kind, q.text, "") for q in text.questions]
    answers = [QaPair("factual", a.question, a.text) for a in text.answers]
    plain = settings.model_copy(update={"rewords": False})
    reasons: list[str] = []
    for what, pairs in (("questions", questions), ("answers", answers)):
        if not pairs:
            continue
        asked = JudgeCall(content_id("labels", text.label_id, what), model, "")
        found = await judge_pairs(asked, pairs, Passages(chunk), ask, plain)
        reasons += [_judge_reason(each, what == "answers", plain) for each in found]
    return reasons


def agreement(decisions: Iterable[JudgedText], judge: str) -> Agreement:
    """How the drops of one judge (`free`, `judge`, `both`) agree with people's."""
    counts = Counter((each.is_good, bool(_reason(each, judge))) for each in decisions)
    return Agreement(
        caught=counts[False, True],
        missed=counts[False, False],
        lost=counts[True, True],
        kept=counts[True, False],
    )


def caught_by_fault(decisions: Iterable[JudgedText], judge: str) -> dict[str, tuple[int, int]]:
    """For each fault that people name: how many are dropped, of how many."""
    caught, total = Counter[str](), Counter[str]()
    for each in decisions:
        if not each.is_good:
            total[each.why] += 1
            caught[each.why] += bool(_reason(each, judge))
    return {why: (caught[why], count) for why, count in total.most_common()}


def right_by_reason(decisions: Iterable[JudgedText], judge: str) -> dict[str, tuple[int, int]]:
    """For each reason of a judge: how many of its drops are right, of how many."""
    drops: defaultdict[str, list[bool]] = defaultdict(list)
    for each in decisions:
        if reason := _reason(each, judge):
            drops[reason].append(not each.is_good)
    return {name: (sum(right), len(right)) for name, right in sorted(drops.items())}


def describe(decisions: Sequence[JudgedText], judges: Sequence[str]) -> Iterator[str]:
    """Tables for people: agreement, then recall by fault, then precision by reason."""
    yield f"{'':<10}{'':<8}{'':<6}{'n':>5}{'precision':>11}{'recall':>8}{'kappa':>7}"
    languages = ["", *sorted({each.language for each in decisions})]
    for what in ("questions", "answers"):
        for judge in judges:
            for language in languages:
                chosen = [d for d in decisions if d.what == what and language in ("", d.language)]
                found = agreement(chosen, judge)
                yield (
                    f"{what:<10}{judge:<8}{language or 'all':<6}{len(chosen):>5}"
                    f"{found.precision:>11.3f}{found.recall:>8.3f}{found.kappa:>7.3f}"
                )
    for what in ("questions", "answers"):
        chosen = [each for each in decisions if each.what == what]
        for judge in judges:
            yield f"\n{what}, {judge}: caught by fault"
            for why, (caught, total) in caught_by_fault(chosen, judge).items():
                yield f"  {why or 'unnamed':<24}{caught:>4} of {total}"
            yield f"{what}, {judge}: right by reason"
            for reason, (right, total) in right_by_reason(chosen, judge).items():
                yield f"  {reason:<24}{right:>4} of {total}"


def _reason(decision: JudgedText, judge: str) -> str:
    if judge == "both":
        return decision.reasons["free"] or decision.reasons["judge"]
    return decision.reasons[judge]


def _question_reason(question: LabelledQuestion, chunk: Chunk, settings: RunSettings) -> str:
    source = _source(question.evidence, chunk)
    return _name(
        find_grounded_question_fault(question.text, question.kind, source, settings.questions)
    )


def _answer_reason(answer: LabelledAnswer, chunk: Chunk, settings: RunSettings) -> str:
    source = _source(answer.evidence, chunk)
    fault = find_grounded_answer_fault(answer.text, answer.question, source, settings.answers)
    if fault is None and not set(answer.evidence) & set(answer.question_evidence):
        fault = Fault("other_evidence")
    return _name(fault)


def _source(numbers: Sequence[int], chunk: Chunk) -> SourceText:
    return SourceText(number_sentences(chunk).text_of(numbers), chunk)


def _judge_reason(found: Judged | Unjudged, is_answer: bool, settings: JudgeSettings) -> str:
    if isinstance(found, Unjudged):
        return ""
    verdict = found.verdict
    if is_answer:  # what is wrong with its question is no fault of an answer
        fair = {"answerable": True, "kind_fits": True, "useful": 5, "stands_alone": True}
        verdict = verdict.model_copy(update=fair)
    return _name(find_verdict_fault(verdict, settings))


def _name(fault: Fault | None) -> str:
    return fault.reason if fault is not None else ""
