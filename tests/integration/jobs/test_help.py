"""`distill --help` starts fast: it imports what commands take, and nothing of what they do."""

import subprocess
import sys

SHOW = (
    "import atexit, sys; atexit.register(lambda: print('imported:', *sys.modules)); "
    "import jobs.__main__ as d; sys.argv[1:] = ['--help']; d.main()"
)


def test_list_of_commands_imports_no_records() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SHOW], capture_output=True, text=True, timeout=120, check=True
    )

    listed, _, imported = ended.stdout.partition("imported:")
    assert "evaluate" in listed
    assert "jobs.commands.student.evaluate" in imported.split()
    assert not {"numpy", "pydantic", "schemas.record"} & {*imported.split()}
