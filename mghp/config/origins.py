"""A resolved config as YAML that says what each key means, and where its value comes from."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from mghp.config.keys import Key, schema_keys
from mghp.config.load import load_config, parse_override, read_layers, to_yaml
from mghp.config.packaged import own_or_packaged

DEFAULT = "default"
"""The origin of a value that nothing sets."""

_WIDTH = 110
"""The longest line of a comment, letters."""


def origins(path: str | Path, overrides: Sequence[str] = ()) -> dict[str, str]:
    """Return what sets each key that is set: a file, its variant, or the command line.

    Args:
        path: experiment file.
        overrides: `key=value` over it.

    Returns:
        The origin by the path of the key, e.g. `matcher.name`.

    Raises:
        InputError: if a file is missing or broken, or an override is not of this form.
    """
    given = [parse_override(text) for text in overrides]
    chosen = dict(given).get("variant")
    found: dict[str, str] = {}
    variants: dict[str, str] = {}
    for content, file in read_layers(own_or_packaged(path, "experiment file")):
        settings = (content.pop("variants", None) or {}).get(chosen) or {}
        found |= dict.fromkeys(_leaves(content), file)
        variants |= dict.fromkeys(_leaves(settings), f"{file}, variant {chosen}")
    return found | variants | {key: "command line" for key, _ in given}


def _leaves(content: Mapping[str, Any], beginning: str = "") -> Iterator[str]:
    for key, value in content.items():
        path = f"{beginning}{key}"
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{path}.")
        else:
            yield path


def explained(path: str | Path, overrides: Sequence[str] = (), changed_alone: bool = False) -> str:
    """Return the resolved config as YAML that `load_config` reads back; comments tell meanings and origins.

    Args:
        path: experiment file.
        overrides: `key=value` over it.
        changed_alone: True to leave out what nothing sets.

    Raises:
        InputError: as `load_config`.
    """
    content = yaml.safe_load(to_yaml(load_config(path, overrides)))
    return "".join(f"{line}\n" for line in _lines(content, origins(path, overrides), changed_alone))


def _lines(
    content: Mapping[str, Any], origin: Mapping[str, str], changed_alone: bool, beginning: str = "", indent: str = ""
) -> Iterator[str]:
    for name, value in content.items():
        path = f"{beginning}{name}"
        key = schema_keys().get(path)
        if isinstance(value, dict) and value:
            inside = list(_lines(value, origin, changed_alone, f"{path}.", f"{indent}  "))
            if inside:
                yield from [*_comment(key, indent), f"{indent}{name}:", *inside]
        elif path in origin or not changed_alone:
            yield from _comment(key, indent)
            yield f"{indent}{_entry(name, value)}  # {origin.get(path, DEFAULT)}"


def _comment(key: Key | None, indent: str) -> list[str]:
    text = "" if key is None else key.meaning
    return textwrap.wrap(text, _WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")


def _entry(name: str, value: object) -> str:
    return yaml.safe_dump({name: value}, default_flow_style=True, width=10**6).strip()[1:-1]


def keys_in_words(beginning: str = "") -> str:
    """Return every key with what it may be, its default and its meaning.

    Args:
        beginning: only keys whose path begins so.
    """
    return "\n".join(
        f"{key.path} = {_entry('_', key.default)[3:]}  ({key.kind})\n"
        + textwrap.fill(key.meaning, _WIDTH, initial_indent="    ", subsequent_indent="    ")
        for path, key in schema_keys().items()
        if path.startswith(beginning)
    )
