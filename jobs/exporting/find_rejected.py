"""Finds, for the rows of a run, answers to the same question that are worse, without a call."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from engine.files.records import RecordLog, read_records
from engine.run_folder import RunFolder
from jobs.dataset.ask_teacher import ANSWERS
from jobs.dataset.judge.judge_rows import VERDICTS
from jobs.evaluation.answer_samples import MODEL_ANSWERS
from jobs.evaluation.questions.build_samples import SAMPLES
from jobs.text.word_overlap import word_overlap
from schemas.dataset import MAX_EXCERPT_CHARS, Answer, Provenance, Rejection
from schemas.evaluation import ModelAnswer, Sample

ALIKE = 0.9  # of the telling words of each text stand in the other: none is the worse one


class WorseAnswers(NamedTuple):
    """By question: answers that were dropped, and the baseline's; by answer: before its edit.

    The baseline's are by the question's text: an evaluation knows its questions by that.
    """

    dropped: Mapping[str, tuple[str, ...]]
    of_baseline: Mapping[str, tuple[str, ...]]
    unedited: Mapping[str, str]

    def than(self, row: Provenance, question: str, answer: str) -> tuple[str, ...]:
        """What is worse than the answer of a row whose excerpt answers it; each once."""
        found = (
            self.unedited.get(row.answer_id, ""),
            *self.dropped.get(row.question_id, ()),
            *self.of_baseline.get(question, ()),
        )
        return tuple(text for text in dict.fromkeys(found) if text and not _are_alike(text, answer))


async def find_worse_answers(folder: RunFolder, provenance: Iterable[Provenance]) -> WorseAnswers:
    """What a run holds: dropped answers as far as their text is whole, and the last evaluation's.

    Of an evaluation questions that a file gave (`--questions`): all others are held out or new.
    Memory: the answers that are found.

    Raises:
        DamagedLogError: a file is damaged.
    """
    answered = [row for row in provenance if not row.is_unanswerable]
    async with RecordLog(folder.results_path(ANSWERS.name), Answer) as answers:
        unedited = {
            row.answer_id: answer.text
            for row in answered
            if row.review == "edit" and (answer := answers.get(row.answer_id)) is not None
        }
        dropped = _collect(_find_dropped(folder, answers))
    return WorseAnswers(dropped, _collect(_find_of_baseline(folder)), unedited)


class _Found(NamedTuple):
    key: str
    text: str


def _find_dropped(folder: RunFolder, answers: RecordLog[Answer]) -> Iterator[_Found]:
    """By the judge: those have all their text. By filters: of the ledger, what it did not cut."""
    for rejection in read_records(folder.rejected_path, Rejection):
        if rejection.stage == VERDICTS.name:
            answer = answers.get(rejection.item_id)
            if answer is not None and rejection.evidence:
                yield _Found(answer.question_id, answer.text)
        elif rejection.stage == ANSWERS.name and _has_whole_text(rejection):
            yield _Found(rejection.item_id, rejection.text)


def _has_whole_text(rejection: Rejection) -> bool:
    """Whether an answer was dropped that is not cut: one without evidence may be none."""
    return bool(rejection.evidence) and len(rejection.text) < MAX_EXCERPT_CHARS


def _find_of_baseline(folder: RunFolder) -> Iterator[_Found]:
    questions = {
        sample.sample_id: sample.question
        for sample in read_records(folder.results_path(SAMPLES.name), Sample)
        if sample.slice == "imported"
    }
    for answer in read_records(folder.results_path(MODEL_ANSWERS.name), ModelAnswer):
        if answer.role == "baseline" and answer.sample_id in questions:
            yield _Found(questions[answer.sample_id], answer.text)


def _collect(found: Iterator[_Found]) -> Mapping[str, tuple[str, ...]]:
    """By key, in an order that does not depend on that in which the run wrote them."""
    texts: defaultdict[str, list[str]] = defaultdict(list)
    for each in found:
        texts[each.key].append(each.text)
    return {key: tuple(sorted(each)) for key, each in texts.items()}


def _are_alike(text: str, other: str) -> bool:
    return min(word_overlap(text, other), word_overlap(other, text)) >= ALIKE
