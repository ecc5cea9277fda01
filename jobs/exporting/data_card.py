"""Says what the rows of an export are: how many, of what, by whom, under which settings."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from jobs.exporting.row_formats import FORMATS
from jobs.settings.resolve import setting_fields
from jobs.settings.run_config import RunConfig
from jobs.settings.show_value import as_toml
from schemas.dataset import Provenance
from schemas.settings import RunSettings
from schemas.settings.touches import OPERATIONAL


def data_card(
    format_name: str, config: RunConfig, provenance: Sequence[Provenance], lines: Mapping[str, int]
) -> Iterator[str]:
    """A data card in the form that the Hugging Face hub reads: front matter, then Markdown.

    `lines` counts the lines of each file.
    """
    yield from _front_matter(lines)
    yield from ("", "# Questions and answers about a collection of documents", "")
    yield f"Format: {format_name} ({FORMATS[format_name].description})."
    yield ""
    yield from (f"- {name}: {count:,} lines" for name, count in lines.items())
    yield from _counts(provenance)
    yield f"- written by: {', '.join(sorted({row.model for row in provenance}))}"
    yield f"- teacher: {config.settings.teacher.model}; judge: {_judge(config.settings)}"
    yield f"- made by corpus-distill {config.run.version}, run {config.run.run_id}"
    yield ""
    licence = config.settings.documents.licence or "not given (documents.licence)"
    yield f"Licence of the documents, which rows quote: {licence}. Nothing held out is in them."
    yield ""
    yield "Settings that are not the defaults and matter to the rows:"
    yield ""
    yield from _changed_settings(config.settings)
    yield ""
    yield "Prompts, by content hash:"
    yield ""
    yield from (f"- {name}: {digest}" for name, digest in sorted(config.run.prompts.items()))


def _front_matter(lines: Mapping[str, int]) -> Iterator[str]:
    yield from ("---", "configs:", "- config_name: default", "  data_files:")
    for name, count in lines.items():
        if count:  # the hub refuses a split without rows
            yield from (f"  - split: {Path(name).stem}", f"    path: {name}")
    yield "---"


def _counts(provenance: Sequence[Provenance]) -> Iterator[str]:
    yield f"- documents: {len({row.document_id for row in provenance}):,}"
    yield f"- rows whose excerpt holds no answer: {sum(r.is_unanswerable for r in provenance):,}"
    yield f"- rows that need two passages: {sum(bool(r.second_chunk_id) for r in provenance):,}"
    kinds = Counter(row.kind for row in provenance)
    yield from (f"- kind {kind}: {count:,}" for kind, count in kinds.most_common())


def _judge(settings: RunSettings) -> str:
    return (settings.judge.model or settings.teacher.model) if settings.judge.of_rows else "none"


def _changed_settings(settings: RunSettings) -> Iterator[str]:
    """Without those that say how the work is done: addresses, limits, folders of this machine."""
    given, usual = settings.model_dump(), RunSettings().model_dump()
    changed = [
        f"- {key} = {as_toml(_at(given, key))}"
        for key, field in setting_fields()
        if OPERATIONAL not in field.metadata and _at(given, key) != _at(usual, key)
    ]
    yield from changed or ["- none"]


def _at(tree: Mapping[str, object], key: str) -> object:
    node: object = tree
    for part in key.split("."):
        assert isinstance(node, Mapping)
        node = node[part]
    return node
