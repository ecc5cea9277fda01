"""What the API refuses in the body of a chat completion, with its status and code."""

from collections.abc import Mapping
from typing import Any

from tests.openai_server.config import ModelCard
from tests.openai_server.errors import ApiError, invalid
from tests.openai_server.replies import json_schema


def check_chat_body(body: dict[str, Any], model: ModelCard) -> None:
    """Raise the ApiError that this body earns; return if it is sound."""
    if model.dimensions is not None:
        raise ApiError(404, None, "This is not a chat model.", param="model")
    check_messages(body.get("messages"))
    for name in ("n", "max_completion_tokens", "max_tokens"):
        if not _is_count(body.get(name)):
            raise invalid(name, f"expected an integer of at least 1, got {body[name]!r}")
    if not model.accepts_temperature and body.get("temperature", 1) != 1:
        message = f"Unsupported value: 'temperature' is not supported with {model.id}."
        raise ApiError(400, "unsupported_value", message, param="temperature")
    _check_response_format(body)


def check_messages(messages: object) -> None:
    """Raise the ApiError that these messages earn; return if they are sound."""
    if not isinstance(messages, list) or not messages:
        raise invalid("messages", "expected at least one message")
    for index, message in enumerate(messages):
        if not isinstance(message, dict) or "role" not in message:
            raise invalid(f"messages[{index}]", "expected an object with role and content")
        if not isinstance(message.get("content"), str | list | None):
            raise invalid(f"messages[{index}].content", "expected a string or a list of parts")


def _is_count(value: object) -> bool:
    return value is None or (type(value) is int and value >= 1)


def _check_response_format(body: dict[str, Any]) -> None:
    response_format = body.get("response_format")
    if response_format is None:
        return
    if not isinstance(response_format, dict):
        raise invalid("response_format", "expected an object")
    if response_format.get("type") != "json_schema":
        return
    schema = json_schema(body)
    if not isinstance(schema, dict) or "name" not in response_format["json_schema"]:
        raise invalid("response_format.json_schema", "expected an object with name and schema")
    if response_format["json_schema"].get("strict"):
        _check_strict(schema)


def _check_strict(schema: Mapping[str, Any]) -> None:
    if schema.get("type") != "object" or "anyOf" in schema:
        raise _invalid_schema((), "the root must be an object without 'anyOf'")
    _check_objects(schema, ())


def _check_objects(node: object, path: tuple[str, ...]) -> None:
    if isinstance(node, list):
        for index, part in enumerate(node):
            _check_objects(part, (*path, str(index)))
    if not isinstance(node, dict):
        return
    if node.get("type") == "object" and isinstance(node.get("properties", {}), dict):
        if node.get("additionalProperties") is not False:
            raise _invalid_schema(path, "'additionalProperties' is required to be false")
        if set(node.get("required", ())) != set(node.get("properties", {})):
            raise _invalid_schema(path, "'required' is required to name every key in properties")
    for name, part in node.items():
        _check_objects(part, (*path, name))


def _invalid_schema(path: tuple[str, ...], reason: str) -> ApiError:
    message = f"Invalid schema for response_format: In context={path!r}, {reason}."
    return ApiError(400, "invalid_json_schema", message, param="response_format")
