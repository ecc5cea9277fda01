"""What is compared of the files that two versions left: everything but times and random names."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Rows = list[str]

IGNORED = (
    *("stats.jsonl", "sends.jsonl", "lock", "config.toml"),
    *("out.jsonl.stats", "out.jsonl.sends", "out.jsonl.lock"),
)
# What later versions write beside it, from documents alone, and of the command itself.
ADDED = (
    "boilerplate.jsonl",
    "twins.jsonl",
    "held_out_check.jsonl",
    "last_call.json",
    "log.jsonl",
    "coverage.jsonl",
    "document_coverage.jsonl",
)
ADDED_AT = ("evaluation/comparison.json",)  # was written by `distill compare` alone
# Of a line: when and how often it was sent, and names that a server draws anew.
VARYING = ("settled_at", "latency_s", "attempts", "server_request_id", "at", "event_id", "id")
ADDED_FIELDS = ("estimated", "notes")  # of lines, and what later versions say with them
DROP_LEDGER = "rejected.jsonl"
ADDED_TO_DROPS = ("chunk_id", "path", "kind", "evidence", "scores")  # a drop judged by itself
LEDGERS = ("batches.jsonl", "ledger.jsonl")
# How often a batch was asked for, and what it held, depends on how long other things took.
STEPS = ("intent", "uploaded", "created", "collected", "deleted")
FACTS = ("url", "model", "purpose", "request_count", "answered", "failed", "returned")


def comparable_files(folder: Path) -> dict[str, Rows]:
    """The lines of all files by name, sorted where their order is that of replies."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(folder)): _rows(path)
        for path in paths
        if path.name not in {*IGNORED, *ADDED} and not str(path).endswith(ADDED_AT)
    }


def settled_replies(folder: Path) -> Counter[str]:
    """How often each reply of a model stands in a journal or file of replies."""
    replies = (
        (line.get("reply") or (line.get("response") or {}).get("body") or {}).get("id")
        for name in ("run/journal.jsonl", "out.jsonl")
        for line in whole_lines(folder / name)
    )
    return Counter(reply for reply in replies if reply)


def whole_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file; a last line that was cut off is none of them."""
    if path.exists():
        for line in path.read_bytes().splitlines(keepends=True):
            if line.endswith(b"\n"):
                yield json.loads(line)


def _rows(path: Path) -> Rows:
    if ".jsonl" not in path.name:
        return path.read_text().splitlines()
    lines = whole_lines(path)
    if path.name in LEDGERS:
        lines = (_steady(line) for line in lines if line["step"] in STEPS)
    if path.name == DROP_LEDGER:
        lines = ({k: v for k, v in line.items() if k not in ADDED_TO_DROPS} for line in lines)
    rows = [json.dumps(_without_varying(line)) for line in lines]
    return rows if path.parent.name == "dataset" else sorted(rows)


def _steady(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "facts": {name: event["facts"][name] for name in FACTS}}


def _without_varying(line: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in line.items() if name not in {*VARYING, *ADDED_FIELDS}}
    if isinstance(response := kept.get("response"), dict):
        kept["response"] = {**response, "request_id": ""}
    return kept
