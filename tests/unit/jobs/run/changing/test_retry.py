"""`--retry-failed` makes undone what came of failed requests, in every stage that asks."""

from pathlib import Path

from engine.files.journal import encode_outcome, read_settled
from engine.files.records import encode_record, read_ids
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stage import FinishedItem
from engine.testing.calls import chat_request, completed, failed
from jobs.evaluation.judging.judge import PURPOSE
from jobs.evaluation.stages import EVALUATION
from jobs.run.changing.retry import retry_failed
from schemas.evaluation import PairOutcome, PairVerdict
from schemas.outcomes import Completed, Failed


def verdict(pair_id: str, outcome: PairOutcome | None) -> PairVerdict:
    return PairVerdict(
        pair_id=pair_id,
        sample_id="s",
        mode="open",
        role="tuned",
        versus="teacher",
        answer_id="a",
        versus_answer_id="b",
        outcome=outcome,
        is_consistent=True,
        reasons=(),
        problem="" if outcome else "refused",
        judge_model="judge",
        prompt_hash="h",
    )


def judged_pairs(run_dir: Path) -> RunFolder:
    """A run with two judged pairs of answers, of which the request of one has failed."""
    folder = RunFolder(run_dir)
    folder.create()
    verdicts = [verdict("judged", "win"), verdict("unjudged", None)]
    finished = [
        FinishedItem(item_id=each.pair_id, result_count=1, rejection_count=0) for each in verdicts
    ]
    name = "evaluation/pairs"
    replace_file(folder.results_path(name), map(encode_record, verdicts))
    replace_file(folder.finished_path(name), map(encode_record, finished))
    outcomes: list[Completed | Failed] = [
        completed(chat_request("judged", purpose=PURPOSE)),
        failed(chat_request("unjudged", purpose=PURPOSE)),
    ]
    replace_file(folder.journal_path, map(encode_outcome, outcomes))
    return folder


def test_pair_whose_request_failed_is_judged_again(tmp_path: Path) -> None:
    folder = judged_pairs(tmp_path / "run")

    count = retry_failed(folder, EVALUATION)

    assert count == 1
    assert [each.request_id for each in read_settled(folder.journal_path)] == ["judged"]
    assert list(read_ids(folder.results_path("evaluation/pairs"), PairVerdict)) == ["judged"]
    assert list(read_ids(folder.finished_path("evaluation/pairs"), FinishedItem)) == ["judged"]
