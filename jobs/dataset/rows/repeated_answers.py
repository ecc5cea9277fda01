"""Finds long answers that say almost word for word what an earlier one says.

Whatever was asked: a paragraph that answers several questions is learnt by heart, and answers none
of them in particular. Short answers may recur: "3306" is right for any question about that port.
Looked for when rows are chosen, behind the judge, so that no answer goes because of one that makes
no row, and no verdict is bought anew when a corpus grows.
"""

from collections.abc import Mapping

from engine.files.records import RecordLog
from engine.stopping import Stopping
from jobs.dataset.questions.question_vectors import CHUNK_FIELD
from jobs.dataset.rows.apply_reviews import RowText, row_hash
from jobs.dataset.rows.row_sources import Sources
from jobs.text.repeats.exact_differences import differ_exactly
from jobs.text.repeats.min_hashes import MinHashGroups
from jobs.text.repeats.near_duplicates import Match, NearDuplicates, is_long, words_of_any_language
from schemas.dataset import Answer
from schemas.reviews import Review


def find_repeated_answers(
    sources: Sources,
    answers: RecordLog[Answer],
    decisions: Mapping[str, Review],
    stopping: Stopping,
) -> dict[str, Match]:
    """Of the answers that would make rows those that repeat one, by id, with what they repeat.

    They are gone through chunk by chunk, so that of several always the same one stays. References
    of held-out questions come first: what repeats one is not trained on. A row that a reviewer has
    dropped hides no other. Memory: some 600 bytes a long answer.

    Raises:
        DamagedLogError: an answer's question or chunk is missing.
        InterruptedRunError: a stop was requested.
    """
    least = sources.settings.dataset.max_near_duplicate_answer
    if least is None:
        return {}

    def differ(answer_id: str, text: str) -> bool:
        return differ_exactly(answers.require(answer_id).text, text)

    seen = NearDuplicates(least, words_of_any_language, index=MinHashGroups(least), differ=differ)
    for answer in sources.kept_answers("held_out", CHUNK_FIELD):
        if is_long(answer.text):
            seen.remember(answer.answer_id, answer.text)
    repeated: dict[str, Match] = {}
    for answer in sources.kept_answers("train", CHUNK_FIELD):
        stopping.raise_if_requested()
        if not is_long(answer.text) or _is_dropped(answer, sources, decisions):
            continue
        match = seen.add(answer.answer_id, answer.text)
        if match is not None:
            repeated[answer.answer_id] = match
    return repeated


def _is_dropped(answer: Answer, sources: Sources, decisions: Mapping[str, Review]) -> bool:
    if not decisions:
        return False
    row = RowText(sources.of(answer).question.text, answer.text)
    decision = decisions.get(row_hash(row))
    return decision is not None and decision.decision == "drop"
