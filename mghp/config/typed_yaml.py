"""YAML whose values are read by the types of their keys, so that a text stays as typed.

YAML 1.1 takes 0123 for 83, 1.10 for 1.1, 12:30:00 for 45000, `on` for True and 2026-11-28 for a date. Under a key that
holds text a plain scalar stays text; a key that may be null reads null. Numbers mean what everybody means by them: 1e-3
is one, and neither a leading 0 nor a colon changes the base.
"""

import dataclasses
import functools
import re
from collections.abc import Iterator
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import yaml

from mghp.config.yaml_text import PlainLoader, check_keys, read_plain

_TAG = "tag:yaml.org,2002:"
_STR, _NULL, _MERGE, _INT, _FLOAT = (f"{_TAG}{name}" for name in ("str", "null", "merge", "int", "float"))
_GUESSED = tuple(f"{_TAG}{name}" for name in ("bool", "int", "float", "timestamp", "value", "merge"))
"""The types that YAML 1.1 guesses for a plain scalar, null aside."""

_NULLS = ("null", "Null", "NULL", "~", "None")
"""Words for null on a command line, where W&B's macros and Python print None."""


class FileLoader(PlainLoader):
    """A PlainLoader of decimal numbers (but for 0x and 0b) with exponents of any form."""

    def construct_number(self, node: Any) -> Any:  # noqa: ANN401 (as PyYAML has it)
        """Construct a number that YAML 1.1 would read in base 8; leave text that it would read in base 60."""
        text = self.construct_scalar(node)
        if ":" in text:
            return text
        if node.tag == _FLOAT:
            return self.construct_yaml_float(node)
        return int(text.replace("_", "")) if re.fullmatch("[-+]?[0-9_]+", text) else self.construct_yaml_int(node)


FileLoader.yaml_implicit_resolvers = {
    first: list(resolvers) for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
FileLoader.add_implicit_resolver(_INT, re.compile("^[-+]?0[0-9]+$"), list("-+0"))
FileLoader.add_implicit_resolver(
    _FLOAT,
    re.compile(r"^[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)[eE][-+]?[0-9]+$"),
    list("-+0123456789."),
)
for _tag in (_INT, _FLOAT):
    FileLoader.add_constructor(_tag, FileLoader.construct_number)


class CommandLineLoader(FileLoader):
    """A FileLoader that also reads Python's None as null."""


CommandLineLoader.yaml_implicit_resolvers = {
    first: list(resolvers) for first, resolvers in FileLoader.yaml_implicit_resolvers.items()
}
CommandLineLoader.add_implicit_resolver(_NULL, re.compile("^None$"), ["N"])


def read_typed(text: str, hint: Any, where: str) -> Any:  # noqa: ANN401 (any type, any YAML)
    """Read a file's text as a value of a type; a dataclass stands for a mapping of some of its keys.

    Raises:
        InputError: one line that opens with `where`, if it is no YAML, or more than plain values.
    """
    return read_plain(text, FileLoader, where, lambda node: _as_typed(node, hint))


def read_argument(text: str, hint: Any, where: str) -> Any:  # noqa: ANN401
    """Read the VALUE of KEY=VALUE on a command line by the key's type; text is taken as typed.

    A text key that may be null reads `null`, `~` and Python's `None` as null. A file of such a name is `./None`.

    Raises:
        InputError: one line that opens with `where`, if it is no YAML, more than plain values, or goes on after one.
    """
    if _is_text(hint):
        return None if _may_be_null(hint) and text in _NULLS else text
    if not text:
        return ""

    def whole(node: yaml.Node) -> yaml.Node:
        rest = text[node.end_mark.index :].strip()
        if rest:
            raise yaml.constructor.ConstructorError(None, None, f"{rest!r} after the value", node.start_mark)
        return _as_typed(node, hint)

    return read_plain(text, CommandLineLoader, where, whole)


def type_of(section: type, key: str) -> Any:  # noqa: ANN401
    """Return the type of a key `a.b.c` of a dataclass; Any for an unknown key."""
    hint: Any = section
    for name in key.split("."):
        hint = _hints(hint).get(name, Any)
    return hint


@functools.cache
def _hints(hint: Any) -> dict[str, Any]:  # noqa: ANN401
    return get_type_hints(hint) if dataclasses.is_dataclass(hint) else {}


def _alternatives(hint: Any) -> tuple[Any, ...]:  # noqa: ANN401
    """Return the members of a union with None, else the type alone."""
    return get_args(hint) if NoneType in get_args(hint) else (hint,)


def _may_be_null(hint: Any) -> bool:  # noqa: ANN401
    return NoneType in _alternatives(hint)


def _is_text(hint: Any) -> bool:  # noqa: ANN401
    """Return True if values are texts; our choices (`Literal`) all are."""
    return all(one in (str, NoneType) or get_origin(one) is Literal for one in _alternatives(hint))


def _as_typed(node: yaml.Node, hint: Any) -> yaml.Node:  # noqa: ANN401
    """Return the tree with plain scalars of text keys tagged as text; nodes that aliases share are not changed."""
    hint = next(one for one in _alternatives(hint) if one is not NoneType)
    if isinstance(node, yaml.ScalarNode):
        return _text(node) if _is_text(hint) else node
    if isinstance(node, yaml.SequenceNode) and get_origin(hint) is list:
        items = [_as_typed(item, get_args(hint)[0]) for item in node.value]
        return yaml.SequenceNode(node.tag, items, node.start_mark, node.end_mark)
    if isinstance(node, yaml.MappingNode) and (dataclasses.is_dataclass(hint) or get_origin(hint) is dict):
        typed = yaml.MappingNode(node.tag, list(_typed_pairs(node, hint)), node.start_mark, node.end_mark)
        check_keys(typed)
        return typed
    return node


def _typed_pairs(node: yaml.MappingNode, hint: Any) -> Iterator[tuple[yaml.Node, yaml.Node]]:  # noqa: ANN401
    for key, value in node.value:
        if key.tag == _MERGE:  # <<: the mapping, or mappings, that are put in here
            many = list[hint] if isinstance(value, yaml.SequenceNode) else hint
            yield key, _as_typed(value, many)
            continue
        name = _text(key) if isinstance(key, yaml.ScalarNode) else key
        inner = get_args(hint)[1] if get_origin(hint) is dict else _hints(hint).get(str(key.value), Any)
        yield name, _as_typed(value, inner)


def _text(node: yaml.ScalarNode) -> yaml.ScalarNode:
    if node.style or node.tag not in _GUESSED:  # a plain scalar has none: None, or "" from libyaml
        return node
    return yaml.ScalarNode(_STR, node.value, node.start_mark, node.end_mark)
