"""Values of settings as they would stand in a file of settings."""

from collections.abc import Mapping

import orjson

NOT_SET = "not set"


def as_toml(value: object) -> str:
    """A value in TOML, on one line; what is not set is said in words."""
    match value:
        case None:
            return NOT_SET
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case Mapping():
            inner = (f"{_key(str(name))} = {as_toml(each)}" for name, each in value.items())
            return f"{{{', '.join(inner)}}}"
        case list() | tuple() | set() | frozenset():
            return f"[{', '.join(map(as_toml, value))}]"
    return _text(str(value))


def _text(text: str) -> str:
    """A literal string, or, where something is to be escaped, a basic one, which is as in JSON."""
    is_plain = "'" not in text and text.isprintable()
    return f"'{text}'" if is_plain else orjson.dumps(text).decode()


def _key(name: str) -> str:
    is_bare = name.isascii() and name.replace("-", "_").isidentifier()
    return name if is_bare else _text(name)
