"""What the Batch API finds wrong with an input file, line by line."""

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from tests.openai_server.batches.batch import BatchProblem
from tests.openai_server.config import ModelCard
from tests.openai_server.errors import ApiError
from tests.openai_server.models import Models
from tests.openai_server.paid.api import PaidApi
from tests.openai_server.slices import Slices
from tests.openai_server.slow.config import BatchRules

_MOST_PROBLEMS = 100
_MOST_INPUTS = 50_000  # embedding inputs of one batch; API description, createBatch
_FIELDS: tuple[tuple[str, type], ...] = (
    ("custom_id", str),
    ("method", str),
    ("url", str),
    ("body", dict),
)


class Sound(NamedTuple):
    """An input file without a problem: where its lines begin, and where the last one ends."""

    starts: "array[int]"
    model: ModelCard
    input_tokens: int


class Validation:
    """Reads one file; `check` says what is wrong, or that it is sound."""

    def __init__(self, endpoint: str, area: PaidApi, models: Models, rules: BatchRules) -> None:
        self._endpoint = endpoint
        self._area = area
        self._models = models
        self._rules = rules
        self._problems: list[BatchProblem] = []
        self._custom_ids: set[str] = set()
        self._model: ModelCard | None = None
        self._input_tokens = 0
        self._inputs = 0

    async def check(self, path: Path) -> Sound | tuple[BatchProblem, ...]:
        """The whole file, in slices."""
        size_bytes = path.stat().st_size
        if size_bytes > self._rules.max_bytes:
            return (_too_large(size_bytes, self._rules.max_bytes),)
        starts = array("Q", [0])
        slices = Slices()
        with path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                starts.append(starts[-1] + len(raw))
                self._problems.extend(self._line_problems(raw, number))
                if number > self._rules.max_requests:
                    return (_too_many(self._rules.max_requests),)
                if len(self._problems) >= _MOST_PROBLEMS:
                    break
                if slices.is_used:
                    await slices.breathe()
        return self._verdict(starts)

    def _verdict(self, starts: "array[int]") -> Sound | tuple[BatchProblem, ...]:
        if len(starts) == 1:
            message = "The input file is empty. Please ensure that the batch contains a request."
            return (BatchProblem("empty_file", message),)
        if self._inputs > _MOST_INPUTS:
            message = f"The batch has {self._inputs} embedding inputs, the limit is {_MOST_INPUTS}."
            return (BatchProblem("too_many_tasks", message),)
        if self._problems or self._model is None:
            return tuple(self._problems)
        return Sound(starts, self._model, self._input_tokens)

    def _line_problems(self, raw: bytes, number: int) -> Iterator[BatchProblem]:
        try:
            line = orjson.loads(raw)
        except orjson.JSONDecodeError:
            message = "This line is not parseable as valid JSON."
            yield BatchProblem("invalid_json_line", message, number)
            return
        missing = _missing_field(line)
        if missing is not None:
            message = f"Missing required parameter: '{missing}'."
            yield BatchProblem("missing_required_parameter", message, number, missing)
            return
        yield from self._field_problems(line, number)
        yield from self._body_problems(line["body"], number)

    def _field_problems(self, line: dict[str, Any], number: int) -> Iterator[BatchProblem]:
        if line["custom_id"] in self._custom_ids:
            message = "The custom_id for this request is a duplicate of another request's."
            yield BatchProblem("duplicate_custom_id", message, number, "custom_id")
        self._custom_ids.add(line["custom_id"])
        if line["method"] != "POST":
            message = f"Invalid method: expected 'POST', got {line['method']!r}."
            yield BatchProblem("invalid_method", message, number, "method")
        if line["url"] != self._endpoint:
            message = "The URL provided for this request does not match the batch endpoint."
            yield BatchProblem("url_mismatch", message, number, "url")

    def _body_problems(self, body: dict[str, Any], number: int) -> Iterator[BatchProblem]:
        self._input_tokens += self._area.input_tokens(body)
        inputs = body.get("input")
        self._inputs += len(inputs) if isinstance(inputs, list) else 1
        if self._model is not None and body.get("model") == self._model.id:
            return
        if self._model is not None:
            message = (
                f"The provided model '{body.get('model')}' does not match the model "
                f"'{self._model.id}' of the other requests of this batch."
            )
            yield BatchProblem("model_mismatch", message, number, "body.model")
            return
        try:
            self._model = self._models.find(body.get("model"))
        except ApiError as error:
            code = error.code or "missing_required_parameter"
            yield BatchProblem(code, str(error), number, "body.model")


def _missing_field(line: object) -> str | None:
    if not isinstance(line, dict):
        return "custom_id"
    for name, kind in _FIELDS:
        if not isinstance(line.get(name), kind) or not line[name]:
            return name
    return None


def _too_large(size_bytes: int, max_bytes: int) -> BatchProblem:
    message = f"The input file has {size_bytes} bytes, the limit is {max_bytes} bytes."
    return BatchProblem("file_too_large", message)


def _too_many(max_requests: int) -> BatchProblem:
    message = f"The input file has too many requests, the limit is {max_requests} requests."
    return BatchProblem("too_many_tasks", message)
