"""The engine as a library, under the name that the project is installed by.

    from corpus_distill import Endpoint, make_chat_request, open_engine

Its names are those of `engine`; docs/library.md has examples.
"""

from typing import TYPE_CHECKING

from corpus_distill.own_packages import LIBRARY, check_own_packages

if TYPE_CHECKING:
    from engine import *  # noqa: F403 - its `__all__` is the one list of names
    from engine import __all__ as __all__
else:

    def __getattr__(name: str) -> object:
        """A name of the library; ImportError: a module of the user's hides one of ours."""
        check_own_packages(LIBRARY)
        import engine

        if name != "__all__" and name not in engine.__all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(engine, name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__getattr__("__all__")})
