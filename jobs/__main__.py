"""The `distill` command and `python -m jobs`: what must be so before anything large is imported."""

import gc
import os
import sys

# How many objects more than before start a collection. At Python's 700, looking for garbage takes
# a third of the processor with hundreds of requests in flight (docs/performance.md), and a tenth
# of the time of the imports.
OBJECTS_BETWEEN_COLLECTIONS = 20_000
COLLECTIONS_BETWEEN_LARGER_ONES = 50

EXIT_INTERRUPTED = 130


def main() -> None:
    """Run the command that the arguments name; changes how often garbage is collected."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # we have none to look for
    gc.set_threshold(
        OBJECTS_BETWEEN_COLLECTIONS,
        COLLECTIONS_BETWEEN_LARGER_ONES,
        COLLECTIONS_BETWEEN_LARGER_ONES,
    )
    try:
        from jobs.cli import run_command

        run_command(sys.argv[1:])
    except KeyboardInterrupt:  # before anybody listened for signals: nothing was begun
        sys.exit(EXIT_INTERRUPTED)


if __name__ == "__main__":
    main()
