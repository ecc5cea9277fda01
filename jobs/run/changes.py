"""What has changed since a run began, which stages that touches, and what it asks of the user."""

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from engine.files.records import encode_record, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stage import FinishedItem
from jobs.documents.list_sources import MissingDocument
from jobs.settings.resolve import setting_keys
from jobs.settings.run_config import RunConfig
from schemas.dataset import Rejection
from schemas.documents import Document, SplitAssignment

STAGES = ("documents", "split", "chunks", "questions", "kept_questions", "answers")

MAX_NAMED_DOCUMENTS = 20

Effect = Literal["requests", "threshold"]


class Touch(NamedTuple):
    """The first stage that a setting touches, and how: other requests, or only what is kept."""

    stage: str
    effect: Effect


# Keys not named here are operational: they change how the work is done, not what comes out.
TOUCHES: Mapping[str, Touch] = {
    "documents.max_seconds_per_file": Touch("documents", "threshold"),
    "documents.max_memory_mb_per_file": Touch("documents", "threshold"),
    "documents.max_text_mb_per_file": Touch("documents", "threshold"),
    "split.held_out_fraction": Touch("split", "requests"),
    "split.big_document_fraction": Touch("split", "requests"),
    "split.block_tokens": Touch("split", "requests"),
    "split.gap_tokens": Touch("split", "requests"),
    "split.seed": Touch("split", "requests"),
    "chunks.target_tokens": Touch("chunks", "requests"),
    "chunks.min_tokens": Touch("chunks", "threshold"),
    "chunks.min_prose_share": Touch("chunks", "threshold"),
    "chunks.max_glued_word_share": Touch("chunks", "threshold"),
    "chunks.max_contents_line_share": Touch("chunks", "threshold"),
    "teacher.model": Touch("questions", "requests"),
    "teacher.provider": Touch("questions", "requests"),
    "teacher.prompt_profile": Touch("questions", "requests"),
    "teacher.embedding_model": Touch("questions", "requests"),
    "questions.per_chunk": Touch("questions", "requests"),
    "questions.kind_weights": Touch("questions", "requests"),
    "questions.temperature": Touch("questions", "requests"),
    "questions.max_output_tokens": Touch("questions", "requests"),
    "questions.min_chars": Touch("questions", "threshold"),
    "questions.max_chars": Touch("questions", "threshold"),
    "questions.min_evidence_overlap": Touch("questions", "threshold"),
    "questions.min_evidence_similarity": Touch("questions", "threshold"),
    "questions.max_near_duplicate": Touch("kept_questions", "threshold"),
    "answers.temperature": Touch("answers", "requests"),
    "answers.max_output_tokens": Touch("answers", "requests"),
    "answers.min_chars": Touch("answers", "threshold"),
    "answers.max_chars": Touch("answers", "threshold"),
    "answers.max_copy_share": Touch("answers", "threshold"),
    "answers.min_evidence_overlap": Touch("answers", "threshold"),
    "answers.min_question_similarity": Touch("answers", "threshold"),
}


class Change(NamedTuple):
    """One thing that is not as it was when the run was last started."""

    what: str
    touch: Touch

    @property
    def asks_anew(self) -> bool:
        """Whether requests may have to be bought anew, so that the user must agree first."""
        return self.touch.effect == "requests"


class RunChanges(NamedTuple):
    """All that has changed: settings and prompts, and documents that are gone or others now."""

    settings: tuple[Change, ...]
    documents: tuple[MissingDocument, ...]

    @property
    def ask_anew(self) -> bool:
        """Whether the user must agree before the run goes on."""
        return bool(self.documents) or any(change.asks_anew for change in self.settings)

    def __bool__(self) -> bool:
        return bool(self.settings or self.documents)

    def describe(self) -> Iterator[str]:
        """One line for each change; of many documents the first are named, the rest counted."""
        yield from (change.what for change in self.settings)
        for document in self.documents[:MAX_NAMED_DOCUMENTS]:
            yield f"document {'changed' if document.is_changed else 'gone'}: {document.path}"
        if (more := len(self.documents) - MAX_NAMED_DOCUMENTS) > 0:
            yield f"and {more:,} more documents that changed or are gone"


def find_changes(before: RunConfig, after: RunConfig) -> tuple[Change, ...]:
    """Settings and prompts that differ and matter to the results, in the order of the settings."""
    old, new = before.settings.model_dump(), after.settings.model_dump()
    changes = [
        Change(f"{key}: {_at(old, key)!r} -> {_at(new, key)!r}", TOUCHES[key])
        for key in setting_keys()
        if key in TOUCHES and _at(old, key) != _at(new, key)
    ]
    changes += [
        Change(f"prompt {name}: another text", Touch(_stage_of_prompt(name), "requests"))
        for name in sorted(before.run.prompts.keys() | after.run.prompts.keys())
        if before.run.prompts.get(name) != after.run.prompts.get(name) and _is_in_use(name, after)
    ]
    return tuple(changes)


def apply_changes(folder: RunFolder, changes: RunChanges) -> None:
    """Remove from a run what no longer holds; it is made anew from the journal, which stays.

    The split is made anew only if its own settings changed: other limits of reading move no
    document to the other side. Documents leave last: as long as they are there, a call that was
    cut off in between is made again.
    """
    touched = {change.touch.stage for change in changes.settings}
    if changes.documents:
        touched.add("chunks")
    first = next((stage for stage in STAGES if stage in touched), None)
    if first is not None:
        later = STAGES[STAGES.index(first) :]
        reset_stages(folder, [s for s in later if s != "split" or s in touched])
    if changes.documents:
        _remove_documents(folder, {document.document_id for document in changes.documents})


def reset_stages(folder: RunFolder, stages: Sequence[str]) -> None:
    """Remove the results of stages, so that they are done again. The journal stays."""
    for stage in stages:
        folder.finished_path(stage).unlink(missing_ok=True)
        folder.results_path(stage).unlink(missing_ok=True)
    kept = (r for r in read_records(folder.rejected_path, Rejection) if r.stage not in stages)
    replace_file(folder.rejected_path, map(encode_record, kept))


def _remove_documents(folder: RunFolder, document_ids: Container[str]) -> None:
    for path, kind in (
        (folder.results_path("split"), SplitAssignment),
        (folder.finished_path("documents"), FinishedItem),
        (folder.results_path("documents"), Document),
    ):
        kept = read_records(path, kind, is_wanted=lambda item_id: item_id not in document_ids)
        replace_file(path, map(encode_record, kept))


def _at(tree: Mapping[str, Any], key: str) -> object:
    node: Any = tree
    for part in key.split("."):
        node = node[part]
    return node


def _stage_of_prompt(name: str) -> str:
    return "answers" if "answer" in name else "questions"


def _is_in_use(name: str, config: RunConfig) -> bool:
    if name.startswith("row_"):  # the dataset is written anew by every call
        return False
    is_small = config.settings.teacher.prompt_profile == "small"
    return name.startswith("small_") == is_small
