"""A file of replies that is kept in a store; others need not wait for what that imports."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from engine.errors import ConfigError
from jobs.run.stored import StoredRun
from jobs.send.result_files import store_note_path


def check_one_process(out_path: Path, url: str | None, place: object) -> None:
    """Refuse other processes (`place`) where replies are, or are to be, kept in a store.

    Raises:
        ConfigError: as above.
    """
    if place is not None and (url is not None or store_note_path(out_path).exists()):
        raise ConfigError(
            "--workers, --on ray: these replies are kept in a store, and one process sends for "
            "such a file; leave them out, or name another --out without --store"
        )


@contextmanager
def stored_replies(
    out_path: Path, url: str | None, environment: Mapping[str, str]
) -> Iterator[StoredRun | None]:
    """The store of a file of replies, if it has one or gets one (`url`), while the block runs.

    Raises what jobs.stored.open.stored_in raises.
    """
    if url is None and not store_note_path(out_path).exists():
        yield None
        return
    from jobs.stored.open import stored_in
    from jobs.stored.places import OutPlace

    with stored_in(OutPlace(out_path), url, environment) as stored:
        yield stored
