import io
from pathlib import Path

import pytest

from engine.errors import ConfigError, RunInUseError
from engine.files.lock import WriterLock
from jobs.send.prompts.input import PromptOrder, keep_prompt_input
from jobs.send.result_files import result_paths

ORDER = PromptOrder("gpt-6-luna", None, None, 100)


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    path = tmp_path / "prompts.txt"
    path.write_text("What is a kiln?\n")
    return path


def test_prompts_of_a_process_that_sends_are_not_replaced(tmp_path: Path, prompts: Path) -> None:
    out = tmp_path / "out.jsonl"
    kept = keep_prompt_input(str(prompts), out, ORDER)
    assert kept is not None
    before = kept.request_path.read_bytes()
    prompts.write_text("What is a loom?\n")

    with WriterLock(result_paths(out).lock), pytest.raises(RunInUseError, match="in use by"):
        keep_prompt_input(str(prompts), out, ORDER)

    assert kept.request_path.read_bytes() == before


def test_folder_that_is_not_there_is_told_before_prompts_are_read(
    tmp_path: Path, prompts: Path
) -> None:
    with pytest.raises(ConfigError, match="its folder does not exist"):
        keep_prompt_input(str(prompts), tmp_path / "none" / "out.jsonl", ORDER)

    assert sorted(tmp_path.iterdir()) == [prompts]


@pytest.mark.parametrize(
    ("template", "given", "told"),
    [
        ("Sum up {text}", b'{"text": "a"}\n[1]\n', "standard input, line 2: found no JSON object"),
        ("Sum up {text}", b'\n{"title": "a"}\n', "standard input, line 2: has no 'text'"),
        (None, b"\n", "standard input: holds no prompt"),
        (None, b"\xff", "standard input: cannot be read as UTF-8 text"),
    ],
)
def test_bad_row_of_standard_input_is_named_by_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, template: str | None, given: bytes, told: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given)))

    with pytest.raises(ConfigError) as refused:
        keep_prompt_input("-", tmp_path / "out.jsonl", ORDER._replace(template=template))

    assert str(refused.value).startswith(told)
