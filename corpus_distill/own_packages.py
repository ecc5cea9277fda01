"""Finds out whether a module of the user's hides a package of ours. Imports nothing of ours."""

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

LIBRARY = ("schemas", "engine")
COMMAND = (*LIBRARY, "jobs")


def check_own_packages(names: Sequence[str]) -> None:
    """Make sure that no other module is imported in the place of one of these packages.

    Raises:
        ImportError: one is hidden, or missing; says by what, and what to do.
    """
    home = Path(__file__).resolve().parents[1]
    for name in names:
        expected, found = str(home / name / "__init__.py"), _find(name)
        if found is None:
            raise ImportError(
                f"corpus-distill is not installed whole: {expected} is missing; install it again"
            )
        if found != expected:
            raise ImportError(
                f"another module called {name!r} hides the one of corpus-distill: found {found}, "
                f"expected {expected}; give it another name, or start from another folder and "
                "without its folder in PYTHONPATH"
            )


def _find(name: str) -> str | None:
    """The file that `import name` gives, or has given already; None: there is none."""
    if (module := sys.modules.get(name)) is not None:
        origin = getattr(module, "__file__", None)
    else:
        spec = find_spec(name)
        if spec is None:
            return None
        origin = spec.origin
    return str(Path(origin).resolve()) if origin else f"{name}, which has no file"
