"""Looks at this machine: versions, extras, disk, open files, prices."""

import platform
import resource
import shutil
from collections.abc import Iterator, Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from engine.errors import ConfigError
from engine.extras import DISTRIBUTION, install_command
from engine.live.open_lane import OTHER_FILES
from engine.local.model import find_model_files
from engine.wire.prices import PRICES_AS_OF, make_price
from jobs.findings import Finding
from schemas.outcomes import Usage
from schemas.settings import RunSettings

LIBRARIES = ("openai", "aiohttp", "pydantic", "genai-prices")
# What each extra is for, and a module of it.
EXTRAS = {
    "evaluation": ("distill evaluate", "bm25s"),
    "ragas": ("distill evaluate --scorer ragas", "ragas"),
    "parquet": ("distill export --format parquet", "pyarrow"),
    "report": ("distill report", "altair"),
    "student": ("distill finetune --trainer local", "torch"),
    "pandoc": ("RTF, LaTeX, Org, AsciiDoc", "pypandoc"),
    "ocr": ("scanned PDF", "tesserocr"),
    "ray": ("distill send --on ray", "ray"),
    "fast": ("fewer cycles a request", "uvloop"),
}
LEAST_FREE_BYTES = 1 << 30
BYTES_PER_GB = 1e9
OLD_PRICES_DAYS = 90


def check_machine(settings: RunSettings, run_dir: Path) -> Iterator[Finding]:
    """One finding each; reads only, takes no network."""
    yield _check_versions()
    yield _check_extras()
    if settings.teacher.is_local:
        yield _check_local_model()
    yield _check_disk(run_dir)
    yield _check_open_files(settings.limits.max_in_flight)


def _check_versions() -> Finding:
    try:
        own = version(DISTRIBUTION)
    except PackageNotFoundError:
        return Finding("versions", "not ok", f"{DISTRIBUTION} is not installed: pip install .")
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    python = platform.python_version()
    return Finding("versions", "ok", f"{DISTRIBUTION} {own}, Python {python}, {libraries}")


def _check_extras() -> Finding:
    missing = [name for name, (_, module) in EXTRAS.items() if find_spec(module) is None]
    if not missing:
        return Finding("extras", "ok", f"all are installed: {', '.join(EXTRAS)}")
    purposes = "; ".join(f"{name} ({EXTRAS[name][0]})" for name in missing)
    command = install_command(",".join(missing))
    return Finding("extras", "note", f"not installed: {purposes}. All of them: {command}")


def _check_local_model() -> Finding:
    try:
        files = find_model_files()
    except ConfigError as error:
        return Finding("local model", "not ok", str(error))
    return Finding("local model", "ok", f"{files.chat_model_path.name} is installed")


def _check_disk(run_dir: Path) -> Finding:
    folder = next(each for each in (run_dir.resolve(), *run_dir.resolve().parents) if each.exists())
    free = shutil.disk_usage(folder).free
    text = f"{free / BYTES_PER_GB:,.1f} GB are free at {folder}"
    if free < LEAST_FREE_BYTES:
        return Finding("disk", "not ok", f"{text}: free some, every reply is kept there")
    return Finding("disk", "ok", text)


def _check_open_files(max_in_flight: int) -> Finding:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = max_in_flight + OTHER_FILES
    if hard == resource.RLIM_INFINITY or hard >= needed:
        return Finding("open files", "ok", f"{max_in_flight:,} requests at once fit")
    advice = f"raise it to {needed:,} (ulimit -n), or lower limits.max_in_flight"
    return Finding("open files", "not ok", f"the system lets a process open {hard:,}: {advice}")


def check_price_list(
    settings: RunSettings, models: Sequence[str], today: date
) -> Iterator[Finding]:
    """Whether the prices of `models` are known, and how old the list is."""
    price = make_price(settings.prices, is_free=settings.teacher.is_local)
    unknown = [model for model in models if price(model, Usage(prompt_tokens=1)) is None]
    if unknown:
        capped = settings.budget.usd is not None
        text = (
            f"unknown for {', '.join(unknown)}: give them as "
            f'[prices."{unknown[0]}"] with input and output in dollars per million tokens'
        )
        yield Finding("prices", "not ok" if capped else "note", text)
    age_days = (today - PRICES_AS_OF).days
    text = f"the list is of {PRICES_AS_OF}, {age_days} days old"
    if age_days > OLD_PRICES_DAYS:
        text += f": install a newer {DISTRIBUTION}, or give your own as [prices]"
    yield Finding("price list", "note" if age_days > OLD_PRICES_DAYS else "ok", text)
