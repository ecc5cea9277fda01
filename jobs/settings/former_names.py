"""Settings that had another name, or were none, in earlier versions: old files and runs go on."""

from typing import Any

FORMER_NAMES = {
    "evaluation.baseline_model": "baseline.model",
    "evaluation.tuned_model": "tuned.model",
    "evaluation.judge_model": "judge.model",
    "evaluation.embedding_model": "embeddings.model",
}


def with_present_names(tree: dict[str, Any]) -> dict[str, Any]:
    """The same tree of settings under the names of today; one that is there already stays."""
    present = {
        key: dict(value) if isinstance(value, dict) else value for key, value in tree.items()
    }
    for former, name in FORMER_NAMES.items():
        old_section, _, old_key = former.partition(".")
        section, _, key = name.partition(".")
        old = present.get(old_section)
        if not isinstance(old, dict) or old_key not in old:
            continue
        value = old.pop(old_key)
        new = present.setdefault(section, {})
        if isinstance(new, dict):
            new.setdefault(key, value)
    return present
