"""How many connections the system lets this process have: each is an open file."""

import logging
import resource

OTHER_FILES = 96  # logs, libraries, standard streams, a local model; connections being made

_log = logging.getLogger(__name__)


def fit_in_flight(wanted: int) -> int:
    """Raise the limit of open files to what `wanted` requests at once need, as far as it goes.

    Returns how many may be in flight; says so if that is fewer.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + OTHER_FILES
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    if allowed > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    fitting = max(1, min(wanted, allowed - OTHER_FILES))
    if fitting < wanted:
        _log.warning(
            "limits.max_in_flight is lowered from %d to %d: the system lets this process open %d "
            "files (ulimit -n)",
            wanted,
            fitting,
            allowed,
        )
    return fitting
