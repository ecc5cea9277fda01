"""What holds for every stage of the dataset and of the evaluation."""

import re
from pathlib import Path
from typing import Any

from jobs.classic.answer_question_file import IMPORTED
from jobs.dataset.stages import DATASET
from jobs.documents.readers.registry import FORMATS
from jobs.documents.whole_corpus.sketch_documents import FORMATS_BY_QUALITY
from jobs.evaluation.stages import EVALUATION
from jobs.run.changing.changes import read_touches
from jobs.run.stages import ItemWork, Stage
from jobs.show.describe import LABEL_CHARS
from schemas.settings.touches import Touches
from tests.rows import each_row
from tests.unit.docs.test_run_folder_docs import DESCRIBED, DOCS

JOBS_DIR = Path(__file__).parents[4] / "jobs"
STAGES: list[Stage[Any]] = [*DATASET, *EVALUATION, *IMPORTED]


def test_no_two_stages_have_one_name() -> None:
    assert len({stage.name for stage in STAGES}) == len(STAGES)


@each_row("stage", STAGES)
def test_stage_reads_only_what_comes_before_it(stage: Stage[Any]) -> None:
    before = {earlier.name for earlier in STAGES[: STAGES.index(stage)]}

    assert set(stage.reads) <= before


@each_row("stage", STAGES)
def test_results_of_a_stage_are_described(stage: Stage[Any]) -> None:
    if stage.result is not None:
        assert stage.result in DESCRIBED.values(), f"docs/run-folder.md: {stage.name}.jsonl"


@each_row("stage", STAGES)
def test_file_of_a_stage_stands_in_the_tree_of_the_run_folder(stage: Stage[Any]) -> None:
    tree = DOCS.partition("```\nRUN/\n")[2].partition("```")[0]

    name = f"{stage.name.rpartition('/')[2]}.jsonl"

    assert stage.result is None or name in tree.split(), "docs/run-folder.md: the tree at its top"


@each_row("stage", DATASET)
def test_label_of_a_stage_fits_the_status(stage: Stage[None]) -> None:
    assert len(stage.label) <= LABEL_CHARS


def test_settings_touch_stages_that_there_are() -> None:
    touched = {each.stage for each in read_touches().values() if isinstance(each, Touches)}

    assert touched <= {stage.name for stage in STAGES}


def test_every_format_has_its_place_among_twins() -> None:
    assert sorted(FORMATS_BY_QUALITY) == sorted(set(FORMATS.values())), (
        "FORMATS_BY_QUALITY in jobs/documents/whole_corpus/sketch_documents.py: each format once"
    )


@each_row("stage", STAGES)
def test_work_that_asks_can_be_told_by_its_window(stage: Stage[Any]) -> None:
    if isinstance(stage.work, ItemWork):
        assert stage.work.asks == bool(stage.purposes)


def test_files_of_stages_are_named_by_their_stages() -> None:
    """No second list of stage names: who renames a stage renames it everywhere."""
    names = "|".join(stage.name for stage in STAGES)
    literal = re.compile(rf'\b(?:results|finished)_path\("(?:{names})"\)')
    texts = ((path, path.read_text("utf-8")) for path in sorted(JOBS_DIR.rglob("*.py")))
    with_literals = ((path, text) for path, text in texts if '_path("' in text)

    found = [
        (path.name, found[0]) for path, text in with_literals for found in literal.finditer(text)
    ]

    assert found == []
