"""How a student is tuned where nobody says it, how rows are laid out, and what has room."""

import random
from pathlib import Path

import pytest

from engine.errors import ConfigError
from jobs.finetune.student.source.chat_template import EncodedRow
from jobs.finetune.student.source.shape import StudentShape
from jobs.finetune.student.training.plan import (
    RowSizes,
    make_plan,
    needed_bytes,
    require_room,
)
from jobs.finetune.student.training.rows import batches_of_epoch, lay_out
from schemas.settings import StudentSettings
from tests.unit.jobs.finetune.student.tiny_students import tiny_shape

SIZES = RowSizes(row_count=300, longest_tokens=600, longest_answer_tokens=120)


def shape_of(layers: int, hidden: int, inner: int, vocabulary: int) -> StudentShape:
    return tiny_shape().model_copy(
        update={
            "layer_count": layers,
            "hidden_size": hidden,
            "inner_size": inner,
            "vocabulary_size": vocabulary,
            "head_count": hidden // 64,
            "kv_head_count": hidden // 192 or 1,
            "head_size": 64,
        }
    )


M135 = shape_of(30, 576, 1536, 49_152)
B8 = shape_of(32, 4096, 14_336, 128_256)


def test_small_students_learn_with_all_weights_on_a_cpu_and_large_ones_with_adapters() -> None:
    small = make_plan(StudentSettings(), M135, SIZES, "cpu")
    large = make_plan(StudentSettings(), B8, SIZES, "cuda")

    assert (small.method, small.rate, small.sequence_tokens) == ("full", 1e-4, 600)
    assert (large.method, large.rank, large.rate) == ("lora", 16, 2e-4)
    assert (large.precision, large.recomputes, large.sequence_tokens) == ("bf16", True, 4096)


def test_settings_that_are_given_are_the_plan_whatever_the_machine_is() -> None:
    settings = StudentSettings(
        method="lora", rank=4, learning_rate=0.5, epochs=7, batch_size=1_000, threads=1, seed=9
    )

    plan = make_plan(settings, M135, SIZES, "cpu")

    assert (plan.method, plan.rank, plan.rate, plan.epochs) == ("lora", 4, 0.5, 7)
    assert (plan.batch_rows, plan.threads, plan.seed) == (300, 1, 9)


def test_memory_is_about_what_was_measured() -> None:
    """SmolLM2-135M, rows of up to 849 tokens: 4.4 GB at most (docs/student-quality.md)."""
    sizes = RowSizes(row_count=262, longest_tokens=849, longest_answer_tokens=184)
    plan = make_plan(StudentSettings(), M135, sizes, "cpu")
    plan = plan.model_copy(update={"precision": "bf16"})  # as then, whatever this processor has

    assert 4.0e9 < needed_bytes(plan, M135, sizes) < 6.0e9


def test_what_does_not_fit_is_refused_with_both_figures() -> None:
    message = r"memory: this training needs about 5\.0 GB, found 4\.0 GB free: close"
    with pytest.raises(ConfigError, match=message):
        require_room(needed=5_000_000_000, free=4_000_000_000, what="memory", advice="close them")

    require_room(needed=5_000_000_000, free=None, what="memory", advice="")


def test_every_row_is_seen_once_an_epoch_in_an_order_of_its_own() -> None:
    lengths = [5, 9, 2, 7, 7, 1, 8, 3, 6, 4]

    first, second = (batches_of_epoch(lengths, 4, seed=0, epoch=epoch) for epoch in (0, 1))

    assert sorted(len(batch) for batch in first) == [2, 4, 4]
    assert sorted(row for batch in first for row in batch) == list(range(10))
    assert first != second
    assert first == batches_of_epoch(lengths, 4, seed=0, epoch=0)


def test_rows_of_a_step_are_of_like_length() -> None:
    rng = random.Random(1)
    lengths = [rng.randint(200, 500) for _ in range(320)]

    batches = batches_of_epoch(lengths, 4, seed=0, epoch=0)

    filled = sum(len(batch) * max(lengths[row] for row in batch) for batch in batches)
    assert filled < 1.1 * sum(lengths)


def test_rows_share_a_sequence_where_there_is_room_and_none_is_cut() -> None:
    rows = [EncodedRow(tuple(range(length)), 1) for length in (5, 3, 9, 2, 20)]

    laid = lay_out(rows, 10)

    assert sorted(len(row.ids) for group in laid for row in group) == [2, 3, 5, 9, 20]
    assert [[len(row.ids) for row in group] for group in laid] == [[20], [9], [5, 3, 2]]


def test_a_long_row_is_named_with_its_line(tmp_path: Path) -> None:
    from jobs.finetune.student.source.chat_template import ChatTemplate
    from jobs.finetune.student.source.find_student import find_student
    from jobs.finetune.student.training.rows import encode_rows
    from tests.unit.jobs.finetune.student.tiny_students import make_folder, write_rows

    vocabulary = find_student(str(make_folder(tmp_path / "tiny"))).vocabulary()
    path = write_rows(tmp_path / "rows.jsonl", 30)

    with pytest.raises(ConfigError) as caught:
        encode_rows(path, ChatTemplate(vocabulary, "tiny"), max_tokens=10)

    message = str(caught.value)
    assert f"{path}:1: found " in message
    assert "the student reads 10" in message
    assert "and 10 more rows" in message
