"""Flags that go together are a NamedTuple, which a command takes as one parameter."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol, TypeGuard, get_type_hints


class Group(Protocol):
    """A class of NamedTuples: each field is a flag, annotated and with its default as a parameter.

    A field without a default is a flag that must be given.
    """

    _fields: tuple[str, ...]
    _field_defaults: Mapping[str, object]

    def __call__(self, **flags: object) -> object:
        """The flags as they were given."""
        ...


def spread_groups(command: Callable[..., None]) -> Callable[..., None]:
    """`command` as the command line needs it: the flags of each group stand in the group's place.

    What is returned takes them all by name, and calls `command` with its groups.
    """
    groups = {name: kind for name, kind in _kinds(command) if _is_group(kind)}

    def called(**values: object) -> None:
        for name, group in groups.items():
            values[name] = group(**{flag: values.pop(flag) for flag in group._fields})
        command(**values)

    called.__doc__ = command.__doc__
    called.__name__ = command.__name__
    vars(called)["__signature__"] = inspect.Signature(list(_parameters_of(command)))
    return called


def _kinds(command: Callable[..., None]) -> Iterator[tuple[str, object]]:
    for each in inspect.signature(command).parameters.values():
        yield each.name, each.annotation


def _is_group(kind: object) -> TypeGuard[Group]:
    return isinstance(kind, type) and hasattr(kind, "_fields")


def _parameters_of(command: Callable[..., None]) -> Iterator[inspect.Parameter]:
    for each in inspect.signature(command).parameters.values():
        if _is_group(each.annotation):
            yield from _flags_of(each.annotation)
        else:
            yield each.replace(kind=inspect.Parameter.KEYWORD_ONLY)


def _flags_of(group: Group) -> Iterator[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    for name in group._fields:
        yield inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=group._field_defaults.get(name, inspect.Parameter.empty),
            annotation=hints[name],
        )
