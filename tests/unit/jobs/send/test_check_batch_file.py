import asyncio
from pathlib import Path

import pytest

from engine.errors import ConfigError, InterruptedRunError
from engine.stopping import Stopping
from engine.testing.calls import chat_request, completed, failed
from jobs.send.batch_files import LINES_BYTES, READ_BYTES, read_batch_file
from jobs.send.check_batch_file import CheckedFile, check_batch_file
from jobs.send.request_sources import CheckedSource
from jobs.send.result_files import ResultFiles, result_paths
from tests.unit.jobs.send.batch_file_texts import line, write


async def check(path: Path, *, skips: bool = False, settled: tuple[str, ...] = ()) -> CheckedFile:
    async with ResultFiles(result_paths(path.with_name("out.jsonl"))) as results:
        await asyncio.gather(
            *(results.keep(completed(chat_request(custom_id))) for custom_id in settled)
        )
        return check_batch_file(path, results, Stopping(), skips_bad_lines=skips)


def long_ids(count: int) -> list[str]:
    """Ids of all lengths up to some thousand, so that blocks end at any place of a line."""
    return [f"{number}-{'x' * (number * 13 % 4_000)}" for number in range(count)]


async def wanted_ids(checked: CheckedFile) -> list[str]:
    source, ids = CheckedSource(checked), []
    while (request := await source.next()) is not None:
        ids.append(request.request_id)
    return ids


async def test_all_bad_lines_are_found_before_anything_is_sent(tmp_path: Path) -> None:
    path = write(tmp_path / "in.jsonl", line("a"), b"{", b"", line("b", method="PUT"), line("a"))

    with pytest.raises(ConfigError) as error:
        await check(path)

    said = str(error.value).splitlines()
    assert said[0].startswith(f"{path}:2: found {{, expected")
    assert said[1] == f'{path}:4: method: found "PUT", expected "POST"'
    assert said[2] == f"{path}:5: custom_id: found that of line 1 again, expected one of its own"
    assert said[3].startswith("nothing was sent")
    assert len(said) == 4


async def test_repeated_id_is_found_in_a_later_block(tmp_path: Path) -> None:
    ids = long_ids(600)
    path = write(tmp_path / "in.jsonl", *map(line, [*ids, ids[580]]))

    with pytest.raises(ConfigError, match=r"in\.jsonl:601: custom_id: found that of line 581 "):
        await check(path)


async def test_first_20_bad_lines_are_shown_and_the_rest_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "in.jsonl", *[b"nonsense"] * 1_033)

    with pytest.raises(ConfigError) as error:
        await check(path)

    assert str(error.value).count("expected a JSON object") == 20
    assert "and 1,013 more such lines" in str(error.value)


async def test_bad_lines_may_be_left_out_and_the_first_of_equal_ids_is_kept(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "in.jsonl", b"{", line("a"), b" \t", line("b"), line("a"), b"[]")

    checked = await check(path, skips=True)

    assert checked.bad_count == 3
    assert checked.wanted_count == 2
    assert await wanted_ids(checked) == ["a", "b"]


async def test_settled_requests_are_counted_and_not_wanted(tmp_path: Path) -> None:
    ids = ["a", 'quo"te', "ünï", "e\\u0041", "last"]
    path = write(tmp_path / "in.jsonl", *map(line, ids))

    async with ResultFiles(result_paths(tmp_path / "out.jsonl")) as results:
        for custom_id in ids[:3]:
            await results.keep(completed(chat_request(custom_id)))
        await results.keep(failed(chat_request(ids[3])))
        checked = check_batch_file(path, results, Stopping(), skips_bad_lines=False)

    assert (checked.answered_count, checked.failed_count, checked.wanted_count) == (3, 1, 1)
    assert await wanted_ids(checked) == ["last"]


async def test_id_is_found_wherever_it_stands_and_however_it_is_escaped(tmp_path: Path) -> None:
    path = write(
        tmp_path / "in.jsonl",
        rb'{"custom_id":"\u0061","method":"POST","url":"/v1/embeddings","body":{"model":"m"}}',
        rb'{"body":{"model":"m"},"url":"/v1/embeddings","method":"POST","custom_id":"b"}',
    )

    checked = await check(path, settled=("a", "b"))

    assert checked.answered_count == 2
    assert checked.wanted_count == 0


async def test_repeated_id_of_a_settled_request_is_bad_too(tmp_path: Path) -> None:
    path = write(tmp_path / "in.jsonl", line("a"), line("a"))

    with pytest.raises(ConfigError, match=r"in\.jsonl:2: custom_id: found that of line 1"):
        await check(path, settled=("a",))


async def test_last_line_needs_no_newline_and_blocks_cut_nothing(tmp_path: Path) -> None:
    ids = long_ids(600)
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"\r\n".join(map(line, ids)))

    checked = await check(path, settled=(*ids[:500], ids[540]))

    assert path.stat().st_size > 2 * LINES_BYTES
    assert await wanted_ids(checked) == ids[500:540] + ids[541:]


def test_line_without_end_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "in.jsonl", line("a"), b"x" * 5 * READ_BYTES)

    with pytest.raises(ConfigError, match=r"in\.jsonl:2: this line is longer than 100,000 bytes"):
        list(read_batch_file(path, max_line_bytes=100_000))


async def test_file_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no\.jsonl: cannot be read: No such file"):
        await check(tmp_path / "no.jsonl")


async def test_file_changed_after_the_check_is_noticed(tmp_path: Path) -> None:
    path = write(tmp_path / "in.jsonl", line("a"), line("b"))

    checked = await check(path)
    write(path, line("a"), b"{", line("c"))

    with pytest.raises(ConfigError, match="was changed while it was sent"):
        await wanted_ids(checked)


async def test_stop_is_heard_during_the_check(tmp_path: Path) -> None:
    path = write(tmp_path / "in.jsonl", line("a"))
    stopping = Stopping()
    stopping.request(InterruptedRunError(2))

    async with ResultFiles(result_paths(tmp_path / "out.jsonl")) as results:
        with pytest.raises(InterruptedRunError):
            check_batch_file(path, results, stopping, skips_bad_lines=False)
