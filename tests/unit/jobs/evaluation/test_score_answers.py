import re
import sys

import pytest

from engine.errors import ConfigError
from engine.extras import install_command
from jobs.evaluation.score_answers import check_scoring


def test_missing_extra_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "ragas", None)  # as if it were not installed

    with pytest.raises(ConfigError, match=re.escape(install_command("evaluation"))):
        check_scoring()
