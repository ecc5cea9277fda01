"""A file of replies that is kept in a store; others need not wait for what that imports."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from jobs.run.stored import StoredRun
from jobs.send.result_files import store_note_path


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
