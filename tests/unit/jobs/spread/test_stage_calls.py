"""What is left of a stage, in shards."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ConfigError
from engine.files.records import read_records
from engine.run_folder import RunFolder
from engine.stage import open_stage_files
from jobs.dataset.ask_teacher import QUESTIONS
from jobs.dataset.repeats.compare_texts import compare_texts
from jobs.dataset.stages import DATASET
from jobs.evaluation.stages import EVALUATION
from jobs.run.elsewhere import Elsewhere, Placing
from jobs.run.stages import ItemWork, Stage
from jobs.send.sharded.shards import Shard, ShardedCall
from jobs.spread.stage_calls import (
    find_function,
    find_kind,
    items_path,
    name_of,
    read_stage_call,
    require_stage_call,
    run_folder_of,
    write_stage_call,
)
from schemas.dataset import Question
from schemas.documents import Chunk
from tests.rows import each_row
from tests.unit.jobs.evaluation.made_run import make_question, make_run, make_settings
from tests.unit.jobs.spread.segments import read_chunks, stage_left, write_call


async def test_every_item_lies_in_one_shard_and_its_work_is_found_by_name(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", make_settings())

    call = await write_call(folder, 3)

    order = read_stage_call(call)
    assert order is not None
    assert find_kind(order.item) is Chunk
    assert find_kind(order.result) is Question
    assert find_function(order.work).__name__ == "_ask_for_questions"
    shards = call.shards()
    written = [list(read_records(items_path(shard), Chunk)) for shard in shards]
    by_id = {chunk.chunk_id: chunk for chunk in read_chunks(folder)}
    assert {chunk.chunk_id: chunk for each in written for chunk in each} == by_id
    assert sum(map(len, written)) == len(by_id)
    assert run_folder_of(shards[0]).run_dir == folder.run_dir.absolute()


async def test_call_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    call = await write_call(make_run(tmp_path / "run", make_settings()), 1)
    path = call.folder / "stage.json"
    fields = json.loads(path.read_bytes())
    del fields["window"], fields["remembers"]
    path.write_text(json.dumps(fields))

    order = read_stage_call(call)

    assert order is not None
    assert (order.stage, order.window, order.remembers) == (QUESTIONS.name, None, False)


async def test_what_is_about_one_chunk_lies_in_one_shard(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", make_settings())
    questions = [
        make_question(chunk).model_copy(update={"question_id": f"{number:032}{chunk.chunk_id}"})
        for number in range(3)
        for chunk in read_chunks(folder)
    ]

    async with open_stage_files(folder, QUESTIONS.name, Question) as files:
        call = write_stage_call(folder, stage_left(questions, files), 4)

    chunk_ids = [
        {question.chunk_id for question in read_records(items_path(shard), Question)}
        for shard in call.shards()
    ]
    assert sum(map(len, chunk_ids)) == len(set[str]().union(*chunk_ids)) == 12


async def test_what_has_a_place_of_its_own_lies_there_in_the_shard_of_its_number(
    tmp_path: Path,
) -> None:
    folder = make_run(tmp_path / "run", make_settings())
    own, chunks = RunFolder(tmp_path / "own"), read_chunks(folder)
    numbers = {chunk.chunk_id: number for number, chunk in enumerate(chunks)}

    async with open_stage_files(folder, QUESTIONS.name, Question) as files:
        left = stage_left(chunks, files)._replace(
            way=Elsewhere(compare_texts, window=1, remembers=True),
            placing=Placing(own, 5, lambda chunk: numbers[chunk.chunk_id]),
        )
        call = write_stage_call(own, left, 5)

    order = read_stage_call(call)
    assert order is not None
    assert (order.window, order.remembers) == (1, True)
    assert call.folder.is_relative_to(own.run_dir.absolute())
    written = [list(read_records(items_path(shard), Chunk)) for shard in call.shards()]
    assert written == [chunks[number::5] for number in range(5)]


@each_row("stage", [*DATASET, *EVALUATION])
def test_work_of_every_stage_that_asks_is_found_by_its_name(stage: Stage[Any]) -> None:
    works = [stage.work, *vars(sys.modules[_module_of(stage)]).values()]

    for work in works:
        if isinstance(work, ItemWork) and work.asks:
            assert find_function(name_of(work.work)) is work.work
            assert find_function(name_of(work.needs)) is work.needs


def _module_of(stage: Stage[Any]) -> str:
    work = stage.work.work if isinstance(stage.work, ItemWork) else stage.work
    return work.__module__


@each_row(
    "name", ["os:system", "jobs.spread.nowhere:work", "jobs.spread.work_shard:none", "", "jobs:"]
)
def test_name_of_anything_else_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="is not known here"):
        find_function(name)
    with pytest.raises(ConfigError, match="is not known here"):
        find_kind(name)


def test_shard_that_a_machine_does_not_see_is_told_as_that(tmp_path: Path) -> None:
    shard = Shard(tmp_path / "run" / "shards" / "call" / "shard-00000")

    assert read_stage_call(ShardedCall(shard.folder.parent)) is None
    with pytest.raises(ConfigError, match="is not there on a machine of the cluster"):
        require_stage_call(shard)
