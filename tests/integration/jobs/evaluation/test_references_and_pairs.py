"""Answers beside reference answers, and two side by side, from the evaluation to the comparison."""

from pathlib import Path

from engine.files.records import encode_record, read_records
from engine.files.replace import replace_file
from jobs.comparison.run import compare_run
from jobs.comparison.shown.table import describe_comparison
from jobs.evaluation.evaluate import evaluate
from jobs.evaluation.read_evaluation import read_evaluation
from schemas.dataset import HeldOutQuestion
from tests.integration.jobs.evaluation.test_evaluate import make_order, make_server


async def test_references_bring_correctness_and_pairs_bring_wins(tmp_path: Path) -> None:
    async with make_server() as server:
        order = make_order(tmp_path / "run", server, "evaluation.pairwise=true")
        path = order.folder.dataset_dir / "held_out.jsonl"
        questions = list(read_records(path, HeldOutQuestion))
        known = [q.model_copy(update={"reference": q.context}) for q in questions]
        replace_file(path, map(encode_record, known))

        end = await evaluate(order)
        call_count = len(server.calls)
        await evaluate(order)
        again_count = len(server.calls) - call_count

    found = read_evaluation(order.folder, order.settings)
    compared = compare_run(order.folder, order.settings)
    assert end.is_done
    assert again_count == 0
    with_reference = {sample.sample_id for sample in found.samples if sample.reference}
    assert len(with_reference) == len(questions)
    correctness = [score for score in found.scores if score.metric == "correctness"]
    assert {score.sample_id for score in correctness} == with_reference
    assert all(score.value is not None and score.findings for score in correctness)
    answerable = [sample for sample in found.samples if sample.slice != "unanswerable"]
    assert len(found.pairs) == 2 * len(answerable)
    assert all(verdict.outcome is not None for verdict in found.pairs)
    assert compared is not None
    assert "token_f1" in compared.comparison.metrics
    text = describe_comparison(compared.comparison)
    assert "side by side, tuned - baseline, open book: preferred" in text
    assert "Correctness" in text.splitlines()[0]


async def test_without_pairs_there_is_no_file_of_them(tmp_path: Path) -> None:
    async with make_server() as server:
        order = make_order(tmp_path / "run", server)
        await evaluate(order)

    assert not order.folder.results_path("evaluation/pairs").exists()
    assert read_evaluation(order.folder, order.settings).pairs == ()
