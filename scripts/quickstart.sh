#!/usr/bin/env bash
# Runs the main job on a small real model on this machine: no key, no network once installed.
# scripts/quickstart.sh [FOLDER]: FOLDER holds the documents, by default this project's own docs.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-docs}
run_dir=quickstart-run
. scripts/install.sh
install local,office

distill run "$run_dir" --provider local --documents "$folder" --limit-chunks 60
python scripts/show_rows.py "$run_dir/dataset/train.jsonl" 3
cat <<'END'

These rows were written by a model of 135 million parameters, to show that everything really runs.
They are of demo grade. For good data use a strong teacher: see "A first real run" in README.md.
END
