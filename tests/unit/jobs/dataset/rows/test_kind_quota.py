import random
from collections import Counter
from pathlib import Path

import orjson

from engine.files.journal import Journal
from engine.files.records import encode_record, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stopping import Stopping
from jobs.dataset.coverage import write_coverage
from jobs.dataset.rows.export_dataset import export_dataset
from jobs.dataset.rows.kind_quota import KindedRow, choose_rows, quotas
from schemas.dataset import ChunkCoverage, Kind, Question, Rejection
from schemas.settings import RunSettings
from schemas.settings.dataset import DEFAULT_KIND_WEIGHTS
from tests.rows import each_row
from tests.unit.jobs.dataset.judge.judged_run import make_answered_run
from tests.unit.jobs.evaluation.made_run import make_settings


@each_row("max_excess", [1.0, 1.5, 2.0])
def test_no_kind_has_a_larger_share_than_it_may_and_no_further_row_would_fit(
    max_excess: float,
) -> None:
    counts: dict[Kind, int] = {"factual": 700, "how_to": 200, "why": 60, "comparison": 40}

    kept = quotas(counts, DEFAULT_KIND_WEIGHTS, max_excess)

    total, weight = sum(kept.values()), sum(DEFAULT_KIND_WEIGHTS[kind] for kind in counts)
    for kind, count in kept.items():
        largest = max_excess * DEFAULT_KIND_WEIGHTS[kind] / weight * total
        assert count < largest + 1
        assert count == counts[kind] or count + 1 > largest


def test_kinds_that_are_alone_few_or_without_weight_leave_something() -> None:
    assert quotas({"why": 40}, DEFAULT_KIND_WEIGHTS, 1.0) == {"why": 40}
    assert quotas({"why": 1, "factual": 1}, DEFAULT_KIND_WEIGHTS, 1.0) == {"why": 1, "factual": 1}
    assert quotas({"why": 9}, {"factual": 1.0}, 1.0) == {"why": 9}


def test_what_stays_depends_on_ids_alone() -> None:
    rows = [KindedRow(f"{number}", "factual" if number < 300 else "why") for number in range(320)]
    mixed = random.Random(1).sample(rows, len(rows))

    quota = choose_rows(rows, DEFAULT_KIND_WEIGHTS, 1.2)

    assert choose_rows(mixed, DEFAULT_KIND_WEIGHTS, 1.2) == quota
    stay = Counter(row.kind for row in rows if quota.has(row))
    assert stay == quotas({"factual": 300, "why": 20}, DEFAULT_KIND_WEIGHTS, 1.2)
    assert stay["factual"] < 300


async def _export(folder: RunFolder, settings: RunSettings) -> list[str]:
    async with Journal(folder.journal_path) as journal:
        await export_dataset(folder, settings, journal, Stopping())
    await write_coverage(folder, Stopping())
    rows = [
        line
        for name in ("train.jsonl", "validation.jsonl")
        for line in (folder.dataset_dir / name).read_bytes().splitlines()
    ]
    return sorted(orjson.loads(row)["messages"][2]["content"] for row in rows)


async def test_rows_left_out_for_their_kind_are_named_and_come_back(tmp_path: Path) -> None:
    folder = make_answered_run(tmp_path / "run", make_settings())
    path = folder.results_path("kept_questions")
    questions = list(read_records(path, Question))
    why = {each.question_id for each in [q for q in questions if q.side == "train"][:3]}
    kinds = (
        each.model_copy(update={"kind": "why" if each.question_id in why else "factual"})
        for each in questions
    )
    replace_file(path, map(encode_record, kinds))
    every = await _export(folder, make_settings())
    weights = "questions.kind_weights={factual=0.5,why=0.5}"

    kept = await _export(folder, make_settings("dataset.max_kind_excess=1", weights))

    assert (len(every), len(kept)) == (9, 7)
    left_out = list(read_records(folder.rejected_path, Rejection))
    assert [(each.reason, each.kind) for each in left_out] == [("surplus_kind", "factual")] * 2
    dropped = {
        each.chunk_id: each.dropped
        for each in read_records(folder.run_dir / "coverage.jsonl", ChunkCoverage)
        if each.dropped
    }
    assert dropped == {each.chunk_id: {"surplus_kind": 1} for each in left_out}
    assert await _export(folder, make_settings()) == every
    assert not list(read_records(folder.rejected_path, Rejection))
