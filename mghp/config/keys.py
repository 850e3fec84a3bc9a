"""Every key of the schema in words: what it means, what it may be and its default, read from the dataclasses."""

import ast
import dataclasses
import functools
import inspect
import math
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from mghp.config.schema import Config
from mghp.ranges import ABOVE_0, BELOW_1, LARGEST, Range

_NAMES = {bool: "true or false", int: "integer", float: "number", str: "text", Any: "anything", NoneType: "null"}


@dataclass(frozen=True)
class Key:
    """One key of the schema.

    Attributes:
        path: its name with its sections, e.g. `matcher.pgd_dykstra.num_steps`.
        kind: what it may be, in words.
        default: its value where nothing is said.
        meaning: its docstring, on one line; "" for a key without one.
    """

    path: str
    kind: str
    default: Any
    meaning: str


@functools.cache
def schema_keys() -> dict[str, Key]:
    """Return every key of the schema by its path, in the order of the schema.

    Example:
        >>> from mghp.config.keys import schema_keys
        >>> key = schema_keys()["assembly.min_keypoints"]
        >>> key.kind, key.default, key.meaning
        ('integer from 1 to 1000', 5, 'The least number of keypoints of a person.')
    """
    return {key.path: key for key in _keys(Config())}


def _keys(section: Any, beginning: str = "") -> Iterator[Key]:  # noqa: ANN401 (any dataclass)
    hints = get_type_hints(type(section), include_extras=True)
    told = meanings(type(section))
    for field in dataclasses.fields(section):
        value, path = getattr(section, field.name), f"{beginning}{field.name}"
        if dataclasses.is_dataclass(value):
            yield from _keys(value, f"{path}.")
        else:
            yield Key(path, kind_in_words(hints[field.name]), value, told.get(field.name, ""))


def meanings(section: type[Any]) -> dict[str, str]:
    """Return the docstrings that stand below the fields of a dataclass, those it inherits too, each on one line."""
    told: dict[str, str] = {}
    for owner in reversed(section.__mro__):
        if dataclasses.is_dataclass(owner):
            told |= _docstrings(owner)
    return told


def _docstrings(owner: type[Any]) -> dict[str, str]:
    try:
        (definition,) = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
    except (OSError, TypeError):  # a dataclass made at run time has no source
        return {}
    assert isinstance(definition, ast.ClassDef)
    told = {}
    for line, below in zip(definition.body, definition.body[1:], strict=False):
        is_text = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and is_text:
            told[line.target.id] = " ".join(str(below.value.value).split())  # type: ignore[attr-defined]
    return told


def kind_in_words(hint: Any) -> str:  # noqa: ANN401 (any type)
    """Return what a value of a type may be.

    Example:
        >>> from typing import Annotated, Literal
        >>> from mghp.config.keys import kind_in_words
        >>> from mghp.ranges import Range
        >>> kind_in_words(Annotated[int, Range(1, 64)] | None), kind_in_words(Literal["zeros", "uniform"])
        ('integer from 1 to 64, or null', 'zeros, uniform')
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        ranges = [extra for extra in arguments[1:] if isinstance(extra, Range)]
        return kind_in_words(arguments[0]) + "".join(map(_range_in_words, ranges))
    if origin is Literal:
        return ", ".join(map(str, arguments))
    if origin is list:
        return f"list of: {kind_in_words(arguments[0])}"
    if origin is dict:
        return "mapping"
    if origin is not None and NoneType in arguments:
        known = [kind_in_words(argument) for argument in arguments if argument is not NoneType]
        return f"{' or '.join(known)}, or null"
    if origin is not None:
        return " or ".join(map(kind_in_words, arguments))
    return _NAMES.get(hint, getattr(hint, "__name__", str(hint)))


def _range_in_words(range_: Range) -> str:
    least, most = range_.least, range_.most
    if abs(least) == LARGEST and most == LARGEST:
        return ", finite"
    begin = "above 0" if least == ABOVE_0 else f"from {least:g}"
    if most == LARGEST or most > 2**53:
        return f" {begin}"
    end = "below 1" if most == BELOW_1 else f"to {_plain(most)}"
    return f" {begin} {end}"


def _plain(number: float) -> str:
    return str(int(number)) if math.isfinite(number) and number == int(number) else f"{number:g}"
