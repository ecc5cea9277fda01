#!/usr/bin/env bash
# Installs everything that the tests need into a virtual environment, then checks and tests all.
# Arguments go to pytest; with any, only pytest runs. Exit 77: all passed but the browser's check, which
# could not run. The tests run on all cores; `scripts/test.sh -n 0 ARGUMENTS` runs them in one process.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/install.sh
install dev,ocr,local,student,pandoc,fast,evaluation,ragas,parquet,report,ray,s3
unset PYTHONDONTWRITEBYTECODE # or each of the many processes would compile all modules anew

run_tests() {
    # Half as many processes again as cores: tests of clusters, kills and servers wait much.
    pytest -n "$(python -c 'import os; print((os.cpu_count() * 3 + 1) // 2)')" --dist worksteal "$@"
}

if [ $# -gt 0 ]; then
    run_tests "$@"
    exit
fi
ruff format --check .
ruff check .
mypy & # beside the tests: it works on one core
types=$!
trap 'kill "$types" 2> /dev/null || true' EXIT
run_tests
wait "$types"
trap - EXIT

find_chromium || install_chromium || {
    echo "NOT RUN: scripts/check_report.py, which uses the report in a real browser: there is no Chromium" >&2
    echo "here, and this user may not install Debian's. Install it, then run: python scripts/check_report.py" >&2
    exit 77
}
python scripts/check_report.py
python scripts/check_view.py
