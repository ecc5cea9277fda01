"""`python -m jobs` is the `distill` command."""

from jobs.cli import main

main()
