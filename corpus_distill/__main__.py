"""The `distill` command and `python -m corpus_distill`: nothing of the user's may be in its way."""

import sys

from corpus_distill.own_packages import COMMAND, check_own_packages

EXIT_CONFIG = 2


def main() -> None:
    """Run the command that the arguments name."""
    try:
        check_own_packages(COMMAND)
    except ImportError as error:
        print(f"distill: {error}", file=sys.stderr)  # noqa: T201 - nothing of ours may be imported
        sys.exit(EXIT_CONFIG)
    from jobs.__main__ import main as run

    run()


if __name__ == "__main__":
    main()
