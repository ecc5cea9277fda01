"""Writes docs/configuration.md from the settings and from the comments of the example file.

    python scripts/write_configuration_docs.py

A test fails while the page is not what this writes.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jobs.run.changing.changes import read_touches
from jobs.settings.resolve import setting_keys
from schemas.settings import RunSettings
from schemas.settings.touches import Touches

PAGE = Path(__file__).parents[1] / "docs" / "configuration.md"
HEAD = """# Settings

Every setting, with its default, the values that it takes, and what a change does in a run that
has begun. This page is written by `scripts/write_configuration_docs.py`; `distill init` writes
the same as a file to edit.

They are read from, each overriding the former: the defaults, the run's own `config.toml`,
`distill.toml` in the current folder (or `--config FILE` in its place), the environment
(`DISTILL_LIMITS_MAX_IN_FLIGHT` is `limits.max_in_flight`; `OPENAI_BASE_URL` is
`teacher.base_url`), flags, and `--set KEY=VALUE`. `--set KEY=` unsets a setting. A name with dots
is put in quotes: `--set 'prices."my.model".input=1'`. Keys are read from environment variables
alone and written to no file.

In the column "change", **asks anew** needs `--accept-changes`, as it leads to other requests;
**free** is re-applied to what is paid for; what has neither may change at any time.
[changing-a-run.md](changing-a-run.md) says more.
"""
UNSET = "not set"

_LINE = re.compile(r"^(?:# )?(?P<key>[a-z_]+) = [^#]*(?:# (?P<comment>.*))?$")
_TABLE = re.compile(r"^(?:# )?\[+(?P<name>[^\]]+)\]+\s*(?:# (?P<comment>.*))?$")
_MARK = re.compile(r"^\[(asks anew|free)\]\s*")


def render() -> str:
    """The page."""
    comments, tables = read_comments()
    lines = [HEAD]
    for table, keys in _by_table().items():
        lines += [f"## {table or 'General'}", ""]
        if said := tables.get(table):
            lines += [f"{said[0].upper()}{said[1:]}.", ""]
        lines += ["| setting | default | values | change | meaning |", "|---|---|---|---|---|"]
        lines += [_row(key, comments.get(key, "")) for key in keys]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _by_table() -> dict[str, list[str]]:
    """All keys by their table, those of none first."""
    tables: dict[str, list[str]] = {"": []}
    for key in setting_keys():
        tables.setdefault(key.rpartition(".")[0], []).append(key)
    return tables


def _row(key: str, comment: str) -> str:
    cells = (f"`{key}`", _default(key), _values(key), _change(key), comment)
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def read_comments() -> tuple[dict[str, str], dict[str, str]]:
    """What the example file says of each setting, and of each table."""
    text = files("jobs.settings").joinpath("example_config.toml").read_text(encoding="utf-8")
    comments: dict[str, str] = {}
    tables: dict[str, str] = {}
    table = ""
    for line in text.splitlines():
        if found := _TABLE.match(line):
            table = found["name"].replace('"', "")
            tables.setdefault(table, _MARK.sub("", found["comment"] or ""))
            for key in (table, table.partition(".")[0]):  # a table of free names is one setting
                comments.setdefault(key, tables[table])
        elif found := _LINE.match(line):
            key = f"{table}.{found['key']}".lstrip(".")
            comments.setdefault(key, _MARK.sub("", found["comment"] or ""))
    return comments, tables


@cache
def _defaults() -> dict[str, Any]:
    return RunSettings().model_dump(mode="json")


@cache
def _schema() -> dict[str, Any]:
    return RunSettings.model_json_schema()


def _default(key: str) -> str:
    value: Any = _defaults()
    for part in key.split("."):
        value = value[part]
    if value is None:
        return UNSET
    return f"`{json.dumps(value)}`" if value not in ({}, []) else UNSET


def _values(key: str) -> str:
    schema = _schema()
    found = schema
    for part in key.split("."):
        found = _resolved(found, schema)["properties"][part]
    return " or ".join(_kinds(_resolved(found, schema), schema))


def _resolved(node: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = node.get("$ref")
    return schema["$defs"][reference.rpartition("/")[2]] if reference else node


def _kinds(node: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    if "anyOf" in node:
        for each in node["anyOf"]:
            yield from _kinds(_resolved(each, schema), schema)
    elif "enum" in node:
        yield ", ".join(f"`{value}`" for value in node["enum"])
    elif node.get("type") != "null":
        yield _words(node)


def _words(node: Mapping[str, Any]) -> str:
    listed = "texts" if node.get("items", {}).get("type") == "string" else "tables"
    kinds = {
        "integer": "whole number",
        "number": "number",
        "boolean": "`true`, `false`",
        "string": "text",
        "array": f"list of {listed}",
        "object": "table",
    }
    words = kinds[node["type"]]
    limits = (
        ("minimum", "from"),
        ("exclusiveMinimum", "above"),
        ("maximum", "to"),
        ("maxLength", "of at most"),
    )
    said = [f"{word} {node[name]:,g}" for name, word in limits if name in node]
    said = [f"{each} characters" if each.startswith("of at most") else each for each in said]
    return " ".join([words, *said])


def _change(key: str) -> str:
    touches = read_touches().get(key)
    if not isinstance(touches, Touches):
        return ""
    return "asks anew" if touches.effect == "requests" else "free"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
    print(f"wrote {PAGE}")
