"""The arithmetic of a plan: what chunks that are left will ask, by those that were asked."""

from pathlib import Path

import pytest

from engine.files.records import encode_record
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.wire.prices import make_price
from jobs.plan.estimate import estimate_stages
from jobs.plan.growth import growth_of
from jobs.plan.replay import AskedByKey, AskedSoFar
from jobs.settings.resolve import read_assignments, resolve_settings
from schemas.dataset import ChunkCoverage
from schemas.documents import Chunk
from schemas.plan import StagePlan
from schemas.settings import RunSettings

SAMPLED, ALL = 10, 100


def settings_of(*assignments: str) -> RunSettings:
    once = ("questions.top_up_below=0", "dataset.unanswerable_fraction=0")
    given = ["teacher.model=gpt-4.1-mini", *once, *assignments]
    return resolve_settings([read_assignments(given)])


def make_folder(tmp_path: Path) -> RunFolder:
    """A hundred equal chunks; every fifth is held out."""
    folder = RunFolder(tmp_path)
    folder.create()
    chunks = [
        Chunk(
            chunk_id=f"c{number}",
            document_id="d",
            path="a.md",
            title="a",
            side="held_out" if number % 5 == 0 else "train",
            start_char=0,
            end_char=4,
            first_page=None,
            last_page=None,
            headings=(),
            token_count=100,
            text="text",
        )
        for number in range(ALL)
    ]
    replace_file(folder.results_path("chunks"), map(encode_record, chunks))
    return folder


def asked(requests: int, *, left: int = 0) -> AskedSoFar:
    return AskedSoFar(
        requests=requests,
        prompt_tokens=1000 * requests,
        completion_tokens=10 * requests,
        usd=0.01 * requests,
        left_count=left,
        worst_usd=0.5 * left,
        worst_prompt_tokens=1200 * left,
        worst_completion_tokens=700 * left,
    )


def of_sample(*, answers_of_held_out: bool) -> dict[str, AskedByKey]:
    """A question call for each of ten chunks, three answers, a verdict call."""
    numbers = range(SAMPLED)
    answered = [n for n in numbers if n % 5 or answers_of_held_out]
    return {
        "questions": {f"c{n}": asked(1) if n in numbers else asked(0, left=1) for n in range(ALL)},
        "answers": {f"c{n}": asked(3) for n in answered},
        "verdicts": {f"c{n}": asked(1) for n in answered},
        "unanswerable": {},
    }


def requests_of(stages: tuple[StagePlan, ...]) -> dict[str, float | None]:
    return {stage.stage: stage.requests.value for stage in stages}


def test_the_rest_asks_as_the_sample_did(tmp_path: Path) -> None:
    folder, settings = make_folder(tmp_path), settings_of()

    found = estimate_stages(
        folder, of_sample(answers_of_held_out=False), settings, make_price(settings.prices)
    )

    assert requests_of(found.stages) == {"questions": 90, "answers": 3 * 72}
    assert found.stages[1].usd is not None
    assert found.stages[1].usd.value == pytest.approx(0.01 * 3 * 72)
    assert found.stages[1].prompt_tokens.value == 1000 * 3 * 72


def test_references_and_verdicts_are_counted_where_they_are_wanted(tmp_path: Path) -> None:
    settings = settings_of("answers.held_out=true", "judge.of_rows=true")

    found = estimate_stages(
        make_folder(tmp_path),
        of_sample(answers_of_held_out=True),
        settings,
        make_price(settings.prices),
    )

    assert requests_of(found.stages) == {"questions": 90, "answers": 3 * 90, "verdicts": 90}


def test_vectors_of_questions_are_counted_where_a_model_for_them_is_named(tmp_path: Path) -> None:
    settings = settings_of("questions.embedding_model=text-embedding-3-small")
    notes = of_sample(answers_of_held_out=False)
    notes["question_vectors"] = {f"c{n}": asked(1) for n in range(SAMPLED)}
    nothing: dict[str, AskedByKey] = {
        name: {} for name in ("answers", "verdicts", "unanswerable", "question_vectors")
    }
    unasked = {"questions": {f"c{n}": asked(0, left=1) for n in range(ALL)}, **nothing}
    folder, price = make_folder(tmp_path), make_price(settings.prices)

    sampled = estimate_stages(folder, notes, settings, price)
    most = estimate_stages(folder, unasked, settings, price)

    assert requests_of(sampled.stages)["question_vectors"] == 90
    (vectors,) = [each for each in most.stages if each.stage == "question_vectors"]
    assert vectors.requests.high >= 100
    assert vectors.completion_tokens.high == 0
    assert vectors.usd is not None
    assert 0 < vectors.usd.high < 0.01


def test_what_waits_of_a_sampled_chunk_is_counted_once(tmp_path: Path) -> None:
    settings = settings_of("judge.of_rows=true")
    notes = of_sample(answers_of_held_out=False)
    notes["answers"] = {**notes["answers"], "c1": asked(1, left=2)}
    notes["verdicts"] = {**notes["verdicts"], "c1": asked(0)}

    found = estimate_stages(make_folder(tmp_path), notes, settings, make_price(settings.prices))

    planned = requests_of(found.stages)
    assert planned["answers"] == 3 * 72 + 2
    assert planned["verdicts"] == 72 + 1


def test_without_a_sample_the_most_is_told(tmp_path: Path) -> None:
    settings = settings_of("judge.of_rows=true")
    notes: dict[str, AskedByKey] = {
        "questions": {f"c{n}": asked(0, left=1) for n in range(ALL)},
        "answers": {},
        "verdicts": {},
        "unanswerable": {},
    }

    found = estimate_stages(make_folder(tmp_path), notes, settings, make_price(settings.prices))

    questions, answers, verdicts = found.stages
    assert (questions.requests.value, questions.requests.high) == (None, 100)
    assert questions.usd is not None
    assert questions.usd.high == pytest.approx(0.5 * 100)
    assert answers.requests.high == settings.questions.per_chunk * 80
    assert verdicts.requests.high == 2 * 80  # each may be asked for a second time, reworded


def test_stages_that_have_settled_nothing_yet_are_told_at_most_and_not_as_done(
    tmp_path: Path,
) -> None:
    settings = settings_of("judge.of_rows=true")
    notes: dict[str, AskedByKey] = {
        "questions": {f"c{n}": asked(1) for n in range(ALL)},
        "answers": {f"c{n}": asked(0, left=2) for n in range(ALL) if n % 5},
        "verdicts": {},
        "unanswerable": {},
    }

    found = estimate_stages(make_folder(tmp_path), notes, settings, make_price(settings.prices))

    questions, answers, verdicts = found.stages
    assert questions.requests.high == 0
    assert (answers.requests.value, answers.requests.high) == (None, 2 * 80)
    assert answers.usd is not None
    assert answers.usd.high == pytest.approx(0.5 * 2 * 80)
    assert answers.prompt_tokens.high == 1200 * 2 * 80
    assert (verdicts.requests.value, verdicts.requests.high) == (None, 2 * 80)


def test_of_few_chunks_what_waits_is_told_at_most(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    notes: dict[str, AskedByKey] = {
        "questions": {f"c{n}": asked(1) for n in (1, 2)},
        "answers": {"c1": asked(3), "c2": asked(1, left=2)},
        "verdicts": {},
        "unanswerable": {},
    }

    found = estimate_stages(folder, notes, settings_of(), make_price({}))

    assert [stage.requests.high for stage in found.stages] == [0, 2]


def test_further_questions_and_unanswerable_rows_are_in_the_most(tmp_path: Path) -> None:
    settings = settings_of("questions.top_up_below=0.5", "dataset.unanswerable_fraction=0.1")
    notes: dict[str, AskedByKey] = {
        "questions": {f"c{n}": asked(0, left=1) for n in range(ALL)},
        "further_questions": {},
        "answers": {},
        "verdicts": {},
        "unanswerable": {},
    }

    found = estimate_stages(make_folder(tmp_path), notes, settings, make_price(settings.prices))

    questions, further, _, unanswerable = found.stages
    assert further.requests.high == 0  # counted among the others: one call a chunk at most
    assert questions.requests.high == 2 * 100
    assert questions.usd is not None
    assert questions.usd.high > 0
    assert unanswerable.requests.high == pytest.approx(80 * 2 * 3 * 0.1 / 0.9)


def test_later_commands_grow_with_the_chunks(tmp_path: Path) -> None:
    folder, settings = make_folder(tmp_path), settings_of()
    notes = of_sample(answers_of_held_out=False)
    found = estimate_stages(folder, notes, settings, make_price(settings.prices))
    (folder.dataset_dir / "train.jsonl").write_text(
        '{"messages": [{"role": "user", "content": "one two three"}]}\n' * 8
    )
    (folder.dataset_dir / "held_out.jsonl").write_text("{}\n" * 4)

    growth = growth_of(folder, folder, found)
    tuning = growth.plan_tuning(folder, settings)
    sizes = growth.evaluation_sizes(folder, settings)

    assert tuning.rows == 8 * 10
    assert tuning.usd is None
    assert (sizes.held_out, sizes.unanswerable) == (4 * 10, 4 * 10)


def test_call_about_a_pair_and_what_it_leads_to_are_in_the_most(tmp_path: Path) -> None:
    settings = settings_of("questions.pair_fraction=0.5", "judge.of_rows=true")
    alone, paired = asked(0, left=1), asked(0, left=2)
    notes: dict[str, AskedByKey] = {
        "questions": {f"c{n}": paired if n < ALL / 2 else alone for n in range(ALL)},
        "answers": {},
        "verdicts": {},
    }

    found = estimate_stages(make_folder(tmp_path), notes, settings, make_price(settings.prices))

    questions, answers, verdicts = found.stages
    assert questions.requests.high == 150
    assert questions.prompt_tokens.high == 150 * 1200
    assert answers.requests.high == 80 * 3 + 40 * 2  # of pairs two, on the side of training
    assert verdicts.requests.high == 2 * 120


def test_growth_goes_by_the_chunks_that_the_dataset_was_written_of(tmp_path: Path) -> None:
    folder, settings = make_folder(tmp_path), settings_of()
    notes = of_sample(answers_of_held_out=False)
    found = estimate_stages(folder, notes, settings, make_price(settings.prices))
    before = growth_of(folder, folder, found)
    (folder.dataset_dir / "train.jsonl").write_text("")
    covered = [
        ChunkCoverage(
            chunk_id=f"c{number}",
            document_id="d",
            path="a.md",
            side="held_out" if number % 5 == 0 else "train",
            is_asked=number < 6,
            questions=1,
            kept_questions=1,
            answers=number % 5,
            rows=0,
            dropped={},
        )
        for number in range(ALL)
    ]
    replace_file(folder.run_dir / "coverage.jsonl", map(encode_record, covered))

    growth = growth_of(folder, folder, found)

    assert (before.sampled_trained, before.sampled_held_out) == (0, 0)
    assert (growth.trained, growth.sampled_trained) == (80, 4)
    assert (growth.held_out, growth.sampled_held_out) == (20, 2)
