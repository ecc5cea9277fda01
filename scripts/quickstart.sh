#!/usr/bin/env bash
# Runs the main job on a small real model on this machine: no key, no network once installed.
# scripts/quickstart.sh [--full] [FOLDER]: FOLDER holds the documents, by default this project's own docs.
# --full goes on to the end: the training set exported, the small model tuned on rows that a strong model wrote,
# its answers before and after, scored by a judge, and a report. It takes some fifteen minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
full=
if [ "${1:-}" = --full ]; then
    full=yes
    shift
fi
folder=${1:-docs}
run_dir=quickstart-run
. scripts/install.sh
install "local${full:+,student,evaluation,report}"

# The evaluation needs questions about text that was held out: more of them than so small a run has.
sample=(--limit-chunks 60)
[ -z "$full" ] || sample=(--set split.held_out_fraction=0.5)
distill run "$run_dir" --provider local --documents "$folder" "${sample[@]}"
python scripts/show_rows.py "$run_dir/dataset/train.jsonl" 3
cat <<'END'

These rows were written by a model of 135 million parameters, to show that everything really runs.
They are of demo grade. For good data use a strong teacher: see "A first real run" in README.md.
END
[ -n "$full" ] || exit 0

distill finetune "$run_dir" --trainer export
# Its own rows would teach the model nothing: it is tuned on 60 that a strong model wrote (scripts/strong_rows).
python scripts/launch_training.py scripts/strong_rows/train.jsonl --validation_path scripts/strong_rows/validation.jsonl \
    --run "$run_dir" --set student.epochs=2
# Untuned and tuned answer questions about text that neither has seen, with the source in view.
questions=(--set evaluation.max_held_out=6 --set evaluation.max_new_questions=0 --set evaluation.max_unanswerable=1)
distill evaluate "$run_dir" --models baseline,tuned --mode open "${questions[@]}"
distill compare "$run_dir" --responses "$run_dir/responses.csv"
distill report "$run_dir"
cat <<'END'

The validation loss above shows what the student has learnt; read both answers side by side in the report. The
scores are of demo grade: this model cannot judge, its faithfulness is noise. `distill chat quickstart-run` asks
the student yourself. Open the report in a browser.
END
