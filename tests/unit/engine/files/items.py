"""Logs of small items for tests of what is on disk."""

from pathlib import Path

import orjson

from engine.files.jsonl import JsonlLog


def make_line(item_id: str, **fields: object) -> bytes:
    return orjson.dumps({"item_id": item_id, **fields})


async def write_items(path: Path, *item_ids: str) -> None:
    async with JsonlLog(path, id_field="item_id") as log:
        await log.append_each((item_id, make_line(item_id)) for item_id in item_ids)
