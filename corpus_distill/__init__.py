"""The engine as a library, under the name that the project is installed by.

    from corpus_distill import Endpoint, make_chat_request, open_engine

Its names are those of `engine`; docs/library.md has examples.
"""

from typing import TYPE_CHECKING

from corpus_distill.own_packages import LIBRARY, check_own_packages

if TYPE_CHECKING:
    from engine import (
        Ask,
        Completed,
        Endpoint,
        EngineError,
        Failed,
        LimitSettings,
        ModelPrice,
        OpenEngine,
        Outcome,
        Record,
        Rejection,
        Request,
        make_chat_request,
        make_request,
        open_engine,
        reply_text,
    )

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

if not TYPE_CHECKING:  # a type checker reads the imports above, and knows of other names nothing

    def __getattr__(name: str) -> object:
        """A name of the library; ImportError: a module of the user's hides one of ours."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        check_own_packages(LIBRARY)
        import engine

        value = globals()[name] = getattr(engine, name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
