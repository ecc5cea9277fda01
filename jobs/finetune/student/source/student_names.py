"""What a student is called: in file names, in answers, and to the server that serves it."""

import re
from pathlib import Path

from engine.local.model import CHAT_MODEL

_ODD = re.compile(r"[^\w.-]+")


def student_name(named: str) -> str:
    """The name of what `--student` names: its last part, without what no file name may hold."""
    if not named:
        return CHAT_MODEL
    path = Path(named).expanduser()
    last = path.stem if path.suffix.lower() == ".gguf" else path.resolve().name
    return _ODD.sub("-", last).strip("-.") or "student"
