"""YAML from outside: plain values only, no key twice, and no larger than a person writes."""

from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

import yaml
from yaml.composer import Composer

from mghp.errors import InputError
from mghp.reading import text_of

try:
    from yaml import CSafeLoader as SafeLoader  # reads in a tenth of the time
except ImportError:  # PyYAML was built without libyaml
    from yaml import SafeLoader  # type: ignore[assignment]

MOST_BYTES = 1_000_000
"""The largest file, bytes; our own largest, a resolved config, has a few thousand."""

MOST_VALUES = 100_000
"""The most values of a text, repeats by aliases counted; our own largest file has a few hundred."""

MOST_LEVELS = 100
"""The deepest nesting of lists and mappings."""

_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_MOST_DIGITS = 400

_UNREADABLE = (yaml.YAMLError, OSError, ValueError, LookupError, AttributeError, TypeError, RecursionError)
"""The errors of reading YAML: all but the first two by 2020-13-45, a tag that does not fit its value, or nesting."""


class PlainLoader(SafeLoader, Composer):
    """PyYAML's SafeLoader, which makes plain values only, with bounds on what a short text can grow to."""

    def __init__(self, stream: str) -> None:
        SafeLoader.__init__(self, stream)
        Composer.__init__(self)  # type: ignore[no-untyped-call, unused-ignore]

    def get_single_node(self) -> Any:  # noqa: ANN401 (as PyYAML has it)
        """Return the text's tree, checked before any value is made of it."""
        # Not the composer of libyaml, whose stack overflows where a text is nested deeply.
        node: Any = Composer.get_single_node(self)  # type: ignore[no-untyped-call, unused-ignore]
        if node is not None:
            _checked_size(node, {}, 0)
        return node


def read_text(file: Path) -> str:
    """Read a YAML file's text.

    Raises:
        InputError: if it cannot be read, is no text, or is far larger than a person writes.
    """
    try:
        with file.open("rb") as stream:
            return text_of_yaml(stream.read(MOST_BYTES + 1), file)
    except OSError as error:
        raise InputError(f"{file}: not readable as YAML: {error}") from None


def text_of_yaml(content: bytes, file: Path) -> str:
    """Return the text of a YAML file's content.

    Raises:
        InputError: as `read_text`.
    """
    if len(content) > MOST_BYTES:
        raise InputError(f"{file}: not readable as YAML: more than {MOST_BYTES} bytes")
    try:
        return text_of(content)
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: not readable as YAML: {error}") from None


def read_plain(
    text: str, loader: type[PlainLoader], where: str, prepared: Callable[[yaml.Node], yaml.Node] = lambda node: node
) -> Any:  # noqa: ANN401 (any YAML)
    """Return the value of a text; None where it is empty.

    Args:
        text: one document.
        loader: makes the values.
        where: the text's origin, for messages.
        prepared: changes the tree, already bounded and without circles, before values are made of it.

    Raises:
        InputError: one line that opens with `where`, if it is no YAML, or more than plain values.
    """
    try:
        reader = loader(text)
        node = reader.get_single_node()
        return None if node is None else reader.construct_document(prepared(node))
    except _UNREADABLE as error:
        said = " ".join(str(error).split())[:300]
        raise InputError(f"{_shortened(where)}: not readable as YAML: {said}") from None


def _shortened(where: str) -> str:
    """Return a text's origin as a message can bear it: an override is its own, however long."""
    return where if len(where) <= _MOST_DIGITS else f"{where[: _MOST_DIGITS // 2]}..."


def _checked_size(node: Any, known: dict[int, int | None], level: int) -> int:  # noqa: ANN401
    """Count the values of a node; `known` holds the counts of earlier nodes, None while they are open."""
    if id(node) in known:
        size = known[id(node)]
        if size is None:
            raise yaml.constructor.ConstructorError(None, None, "a value that holds itself", node.start_mark)
        return size
    if level > MOST_LEVELS:
        raise yaml.constructor.ConstructorError(None, None, "nested too deeply", node.start_mark)
    known[id(node)] = None
    size = 1
    if isinstance(node, yaml.ScalarNode) and node.tag in _NUMBERS and len(node.value) > _MOST_DIGITS:
        what = f"a number of {len(node.value)} characters"
        raise yaml.constructor.ConstructorError(None, None, what, node.start_mark)
    if isinstance(node, yaml.MappingNode):
        check_keys(node)
        size += sum(_checked_size(inner, known, level + 1) for pair in node.value for inner in pair)
    elif isinstance(node, yaml.SequenceNode):
        size += sum(_checked_size(inner, known, level + 1) for inner in node.value)
    if size > MOST_VALUES:
        what = f"aliases that stand for more than {MOST_VALUES} values"
        raise yaml.constructor.ConstructorError(None, None, what, node.start_mark)
    known[id(node)] = size
    return size


def check_keys(node: yaml.MappingNode) -> None:
    """Refuse a mapping with a key twice, where YAML would take the last.

    Raises:
        yaml.constructor.ConstructorError: at the second occurrence.
    """
    seen: set[Hashable] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            if (key.tag, key.value) in seen:
                what = f"key {key.value[:60]!r} is there twice"
                raise yaml.constructor.ConstructorError(None, None, what, key.start_mark)
            seen.add((key.tag, key.value))
