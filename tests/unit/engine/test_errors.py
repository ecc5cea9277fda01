"""The codes of failures, which stand in outcomes, statistics and files."""

import re
from pathlib import Path

from engine import errors

ENGINE_DIR = Path(errors.__file__).parent
CODE = re.compile(r'\bcode="\w+"')


def test_codes_stand_in_one_file() -> None:
    texts = ((path, path.read_text("utf-8")) for path in sorted(ENGINE_DIR.rglob("*.py")))

    found = [(path.name, found[0]) for path, text in texts for found in CODE.finditer(text)]

    assert found == []


def test_no_two_codes_are_one() -> None:
    named = {name: value for name, value in vars(errors).items() if name.isupper()}
    codes = [value for value in named.values() if isinstance(value, str)]

    assert len(codes) > 10
    assert len(set(codes)) == len(codes)
