#!/usr/bin/env bash
# Installs everything that the tests need into a virtual environment, then checks and tests all.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/install.sh
install dev,local,office,fast,evaluation,report

ruff format --check .
ruff check .
mypy
pytest "$@"
