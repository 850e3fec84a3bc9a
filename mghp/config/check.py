"""Checks of what a config holds, and the search for the layer at fault where it does not fit the schema."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mghp.errors import InputError, nearest_name
from mghp.ranges import RangeError

MOST_INTERPOLATIONS = 20
"""The most interpolations of a config; those that stand for others can make twenty into a hundred copies."""

MERGING_RAISES = (TypeError, ValueError, RecursionError, OverflowError)
"""The errors that OmegaConf lets through on unusable values: lists that refer to numbers, bytes, huge numbers."""


def check_interpolations(content: dict[str, Any], origin: str) -> None:
    """Bound the interpolations: ${a}${a} in b, ${b}${b} in c and so on could make gigabytes of a few lines.

    Raises:
        InputError: if there are more than `MOST_INTERPOLATIONS`.
    """
    number = repr(content).count("${")
    if number > MOST_INTERPOLATIONS:
        raise InputError(f"{origin}: {number} interpolations (${{...}}); expected {MOST_INTERPOLATIONS} at most")


def check_resolvers(value: object, origin: str, path: str = "") -> None:
    """Refuse resolvers: `${oc.env:HOME}` would copy the environment, secrets too, into run folders and to W&B.

    Raises:
        InputError: if a text calls a resolver; `${key}`, which names another key, is none.
    """
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for key, entry in inner:
            check_resolvers(entry, origin, f"{path}.{key}" if path else str(key))
    elif isinstance(value, str) and _calls_resolver(value):
        raise InputError(
            f"{origin}: {path}: {value:.60}: only other keys are interpolated, as ${{key}}; got a resolver"
        )


def _calls_resolver(text: str) -> bool:
    """Return True if an interpolation, however deep, holds a colon, which no key's name does."""
    depth = 0
    for token in re.findall(r"\$\{|[}:]", text):
        depth += {"${": 1, "}": -1, ":": 0}[token] if depth or token == "${" else 0
        if depth and token == ":":
            return True
    return False


def blame(layers: Sequence[tuple[dict[str, Any], str]], schema: DictConfig) -> None:
    """Raise the InputError of the layer that does not fit, found by merging layer by layer, which is slow."""
    for content, origin in layers:
        try:
            check_keys(content, schema, origin)
            OmegaConf.merge(schema, OmegaConf.create(content))
        except InputError:
            raise
        except OmegaConfBaseException as error:
            key = f"{error.full_key}: " if error.full_key else ""
            raise InputError(f"{origin}: {key}{one_line(error)}") from None
        except MERGING_RAISES as error:
            raise InputError(f"{origin}: {one_line(error)}") from None


def blame_section(section: DictConfig, prefix: str = "") -> None:
    """Raise the InputError of the section that does not fit: a dataclass knows ranges, but not its own key."""
    for name in map(str, section):
        try:
            value = section[name]
        except OmegaConfBaseException as error:  # e.g. an interpolation of what is not there
            raise InputError(f"{prefix}{name}: {one_line(error)}") from None
        if not isinstance(value, DictConfig) or _is_open(value):
            continue
        blame_section(value, f"{prefix}{name}.")
        try:
            OmegaConf.to_object(value)
        except OmegaConfBaseException as error:
            raise InputError(one_line(error.__cause__ or error)) from None
        except RangeError as error:
            raise InputError(f"{prefix}{name}.{error}") from None
        except InputError:
            raise
        except (ValueError, TypeError) as error:
            raise InputError(f"{prefix}{name}.{one_line(error)}") from None


def _is_open(section: DictConfig) -> bool:
    """Return True if the section takes any key, for a library to check."""
    return OmegaConf.get_type(section) is dict


def check_keys(content: dict[str, Any], schema: DictConfig, origin: str, prefix: str = "") -> None:
    """Refuse keys that the schema does not have, and values in the place of sections.

    Raises:
        InputError: one line that names the key and the nearest valid one.
    """
    for key, value in content.items():
        path = f"{prefix}{key}"
        if key not in schema:
            raise InputError(f"{origin}: unknown key {path!r}{nearest(str(key), list(schema), prefix)}")
        section = schema[key]
        if not isinstance(section, DictConfig):
            if value == "???":  # OmegaConf would keep the default without a word
                raise InputError(f"{origin}: {path}: ??? is no value")
            continue
        if not isinstance(value, dict):
            keys = "" if _is_open(section) else f" ({', '.join(section)})"
            raise InputError(f"{origin}: {path} is a section{keys}, got {value!r}")
        if _is_open(section):
            continue
        check_keys(value, section, origin, f"{path}.")


def nearest(name: str, valid: Iterable[str], prefix: str = "") -> str:
    """Return the end of an error about a wrong name: the nearest valid name, or all of them."""
    names = list(valid)
    if close := nearest_name(name, names):
        return f"; did you mean {prefix + close!r}?"
    return f"; valid are {', '.join(prefix + valid_name for valid_name in names)}" if names else ""


def one_line(error: BaseException) -> str:
    """Return an error's message on one line, without what OmegaConf adds."""
    return " ".join(str(error).split("full_key")[0].split())
