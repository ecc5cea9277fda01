"""What has changed since a run began, which stages that touches, whether the user must agree."""

import shlex
from collections.abc import Container, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from engine.files.records import id_field
from engine.run_folder import RunFolder
from engine.stage import FinishedItem
from jobs.dataset.judge.judge_rows import VERDICTS
from jobs.documents.list_sources import MissingDocument, NewDocument
from jobs.run.reset import forget_items, reset_stages
from jobs.run.stages import Stage, Stages
from jobs.settings.resolve import setting_fields
from jobs.settings.run_config import RunConfig
from jobs.settings.show_value import as_toml
from schemas.documents import Document
from schemas.settings.touches import EVERY_CALL, Touches, TouchesNothing

MAX_NAMED_DOCUMENTS = 20


class Change(NamedTuple):
    """One setting or prompt that differs from the last start of the run.

    `former` is the flag that keeps what it was; empty: no flag does.
    """

    what: str
    touches: Touches
    former: str = ""

    @property
    def asks_anew(self) -> bool:
        """Whether other requests may have to be paid for, so that the user must agree first."""
        return self.touches.effect == "requests"


class RunChanges(NamedTuple):
    """All that has changed: settings and prompts, and documents that are gone or changed.

    `added` are documents that the run has not read yet.
    """

    settings: tuple[Change, ...]
    documents: tuple[MissingDocument, ...]
    added: tuple[NewDocument, ...] = ()

    @property
    def ask_anew(self) -> bool:
        """Whether the user must agree before the run goes on."""
        return bool(self.documents) or any(change.asks_anew for change in self.settings)

    def __bool__(self) -> bool:
        return bool(self.settings or self.documents or self.added)

    def describe(self) -> Iterator[str]:
        """One line for each change; of many documents the first are named, the rest counted."""
        yield from (change.what for change in self.settings)
        for document in self.documents[:MAX_NAMED_DOCUMENTS]:
            yield f"document {'changed' if document.is_changed else 'gone'}: {document.path}"
        if (uncounted := len(self.documents) - MAX_NAMED_DOCUMENTS) > 0:
            yield f"and {uncounted:,} more documents that changed or are gone"
        if self.added:
            paths = [document.path for document in self.added[:MAX_NAMED_DOCUMENTS]]
            more = ", ..." * (len(self.added) > len(paths))
            yield f"new documents: {len(self.added):,} ({', '.join(paths)}{more})"


@cache
def read_touches() -> Mapping[str, Touches | TouchesNothing]:
    """What each setting touches, by its key, as it stands at the setting.

    Raises:
        TypeError: a setting has no such annotation.
    """
    touches: dict[str, Touches | TouchesNothing] = {}
    for key, setting in setting_fields():
        said = [each for each in setting.metadata if isinstance(each, Touches | TouchesNothing)]
        if len(said) != 1:
            raise TypeError(f"setting {key}: says {len(said)} times what it touches, not once")
        touches[key] = said[0]
    return touches


def find_changes(before: RunConfig, after: RunConfig, stages: Stages[Any]) -> tuple[Change, ...]:
    """Settings and prompts that differ and matter to the results of `stages`, in their order."""
    old, new = before.settings.model_dump(), after.settings.model_dump()
    names = {stage.name for stage in stages}
    changes = [
        Change(
            f"{key}: {as_toml(_at(old, key))} -> {as_toml(_at(new, key))}",
            touches,
            _flag(key, _at(old, key)),
        )
        for key, touches in read_touches().items()
        if isinstance(touches, Touches)
        and touches.stage in names
        and touches.differs(_at(old, key), _at(new, key))
    ]
    changes += _other_judge(before, after, names)
    for name in sorted(before.run.prompts):  # one that is new belongs to a setting that is new
        if before.run.prompts[name] != after.run.prompts.get(name):
            stage = _first_with_prompt(name, after, stages)
            if stage is not None:
                touches = Touches(stage.name, "requests")
                changes.append(Change(f"prompt {name}: another text", touches))
    return tuple(changes)


def _flag(key: str, value: object) -> str:
    """The flag that sets it; to nothing, if it was not set."""
    written = "" if value is None else as_toml(value)
    return f"--set {shlex.quote(f'{key}={written}')}"


def find_changes_of_rows(before: RunConfig, after: RunConfig) -> Iterator[str]:
    """A line for each setting that differs and by which nothing but the rows is written anew."""
    old, new = before.settings.model_dump(), after.settings.model_dump()
    for key, touches in read_touches().items():
        if touches == EVERY_CALL and _at(old, key) != _at(new, key):
            yield f"{key}: {as_toml(_at(old, key))} -> {as_toml(_at(new, key))}"


def _other_judge(before: RunConfig, after: RunConfig, names: Container[str]) -> Iterator[Change]:
    """The judge of rows: an evaluation may have named another one, who would judge them anew."""
    old, new = before.run.judge, after.run.judge
    if old and new and old != new and VERDICTS.name in names:
        what = f"judge.model: rows are judged by {as_toml(old)} -> {as_toml(new)}"
        yield Change(what, Touches(VERDICTS.name, "requests"))


def _first_with_prompt(name: str, config: RunConfig, stages: Stages[Any]) -> Stage[Any] | None:
    """The first stage whose kept results depend on a prompt; None: none does."""
    return next(
        (
            stage
            for stage in stages
            if not stage.is_written_anew and name in stage.prompts_in_use(config.settings)
        ),
        None,
    )


def apply_changes(folder: RunFolder, changes: RunChanges, stages: Stages[Any]) -> None:
    """Remove stale results from a run; they are made again from the journal, which is kept.

    Documents leave last: as long as they are there, a call that was cut off in between is made
    again.
    """
    touched = {change.touches.stage for change in changes.settings}
    if changes.documents:
        touched.add(next(stage.name for stage in stages if not _is_of_documents(stage)))
    first = next((n for n, stage in enumerate(stages) if stage.name in touched), len(stages))
    reset_stages(
        folder,
        tuple(
            stage
            for stage in stages[first:]
            if stage.name in touched or not stage.stays_when_earlier_change
        ),
    )
    if changes.documents:
        gone = {document.document_id for document in changes.documents}
        for stage in filter(_is_of_documents, reversed(stages)):
            assert stage.result is not None
            forget_items(folder.finished_path(stage.name), FinishedItem, gone)
            forget_items(folder.results_path(stage.name), stage.result, gone)


def _is_of_documents(stage: Stage[Any]) -> bool:
    """Whether a stage has one result a document, with the document's id."""
    return stage.result is not None and id_field(stage.result) == id_field(Document)


def _at(tree: Mapping[str, Any], key: str) -> object:
    node: Any = tree
    for part in key.split("."):
        node = node[part]
    return node
