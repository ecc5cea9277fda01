"""What settings were before they were settings, or were called: earlier runs and files go on."""

from typing import Any

from schemas.record import Value

FORMER_DEFAULTS: dict[str, object] = {
    "chunks.rules": 1,
    "chunks.private_rules": 1,
    "questions.filters": "phrases",
    "questions.kinds": "drawn",
    "questions.sends": "all",
    "questions.max_per_document": 0,
    "questions.top_up_below": 0.0,
    "questions.top_up_repeats": False,
    "questions.personas": [],
    "questions.pair_fraction": 0.0,
    "questions.embedding_model": "",
    "questions.max_same_meaning": 0.9,  # without a model it compares nothing
    "answers.filters": "phrases",
    "answers.layout": "question",
    "answers.held_out": False,
    "dataset.instructs_refusal": False,
    "dataset.unanswerable_fraction": 0.0,
    "dataset.max_near_duplicate_answer": None,
    "evaluation.scorer": "ragas",
    "evaluation.max_shared_evidence": 1.0,
    "evaluation.unanswerable_texts": "far",
}

FORMER_NAMES = {
    "evaluation.baseline_model": "baseline.model",
    "evaluation.tuned_model": "tuned.model",
    "evaluation.judge_model": "judge.model",
    "evaluation.embedding_model": "embeddings.model",
}


def with_former_defaults(tree: dict[str, Any]) -> dict[str, Any]:
    """The settings of a run as it was made, by whichever version."""
    completed = {
        key: dict(value) if isinstance(value, dict) else value for key, value in tree.items()
    }
    for name, value in FORMER_DEFAULTS.items():
        section, _, key = name.partition(".")
        inner = completed.setdefault(section, {})
        if isinstance(inner, dict):
            inner.setdefault(key, value)
    return completed


def settings_for_ids(section: str, settings: Value) -> dict[str, Any]:
    """What an id is made of that depends on all settings of a section.

    One that keeps what was done before it was a setting is left out: ids of old runs stay.
    """
    fields: dict[str, Any] = settings.model_dump(mode="json")
    former = {
        name.partition(".")[2]: value
        for name, value in FORMER_DEFAULTS.items()
        if name.partition(".")[0] == section
    }
    return {
        key: value for key, value in fields.items() if key not in former or value != former[key]
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
