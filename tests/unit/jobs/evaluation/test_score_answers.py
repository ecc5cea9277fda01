import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import ConfigError
from jobs.evaluation.score_answers import check_scoring


def test_missing_extra_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "ragas", None)  # as if it were not installed

    with pytest.raises(ConfigError, match=r'pip install "corpus-distill\[evaluation\]"'):
        check_scoring()


def test_ragas_is_not_imported_before_something_is_scored() -> None:
    code = (
        "import sys, jobs.evaluation.evaluate; print(*sorted({'ragas', 'bm25s'} & {*sys.modules}))"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[4],
        capture_output=True,
        check=True,
    )

    assert loaded.stdout.strip() == b""
