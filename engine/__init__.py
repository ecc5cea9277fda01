"""Durable calls of models: asked once, paid once, and on disk before they are used.

    from engine import Endpoint, make_chat_request, open_engine

    async with open_engine("folder", Endpoint(address, key), budget_usd=5) as engine:
        outcomes = await engine.ask_all(requests)

This is a library by itself; it knows nothing of what the requests are for. docs/library.md has
examples. What `__all__` names stays; what stands in the modules below may change.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.ask import Ask
    from engine.errors import EngineError
    from engine.library.chat import make_chat_request
    from engine.library.open import OpenEngine, open_engine
    from engine.wire.endpoints import Endpoint
    from engine.wire.replies.content import reply_text
    from schemas.dataset import Rejection
    from schemas.outcomes import Completed, Failed, Outcome
    from schemas.record import Record
    from schemas.requests import Request, make_request
    from schemas.settings import LimitSettings, ModelPrice

__all__ = [
    "Ask",
    "Completed",
    "Endpoint",
    "EngineError",
    "Failed",
    "LimitSettings",
    "ModelPrice",
    "OpenEngine",
    "Outcome",
    "Record",
    "Rejection",
    "Request",
    "make_chat_request",
    "make_request",
    "open_engine",
    "reply_text",
]

_HOMES = {  # imported when they are asked for: commands need few of them
    "Ask": "engine.ask",
    "Completed": "schemas.outcomes",
    "Endpoint": "engine.wire.endpoints",
    "EngineError": "engine.errors",
    "Failed": "schemas.outcomes",
    "LimitSettings": "schemas.settings",
    "ModelPrice": "schemas.settings",
    "OpenEngine": "engine.library.open",
    "Outcome": "schemas.outcomes",
    "Record": "schemas.record",
    "Rejection": "schemas.dataset",
    "Request": "schemas.requests",
    "make_chat_request": "engine.library.chat",
    "make_request": "schemas.requests",
    "open_engine": "engine.library.open",
    "reply_text": "engine.wire.replies.content",
}

if not TYPE_CHECKING:  # a type checker reads the imports above, and knows of other names nothing

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            value = globals()[name] = getattr(import_module(_HOMES[name]), name)
        except ImportError as error:
            raise _explain(error) from error
        return value


def _explain(error: ImportError) -> ImportError:
    """Says what is in the way, where another module hides the package of records."""
    from importlib.util import find_spec
    from pathlib import Path

    expected = Path(__file__).resolve().parents[1] / "schemas" / "__init__.py"
    spec = find_spec("schemas")
    found = Path(spec.origin).resolve() if spec and spec.origin else expected
    if found == expected:
        return error
    return ImportError(
        f"another module called 'schemas' hides the one of corpus-distill: found {found}, expected "
        f"{expected}; give it another name, or start from another folder and without its folder in "
        "PYTHONPATH"
    )


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
