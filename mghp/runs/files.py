"""Files of a run folder that may be anybody's: what is read has the types that the suite writes."""

import dataclasses
import functools
import io
import reprlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from mghp.config.load import yaml_mapping
from mghp.config.schema import Config
from mghp.config.yaml_text import text_of_yaml
from mghp.datasets.coco_json import json_of
from mghp.errors import InputError
from mghp.reading import text_of
from mghp.runs.csv_cells import restored_frame
from mghp.runs.places import read_file

_RESULT: dict[str, type] = {
    "experiment": str, "variant": str, "metrics": dict, "key": str, "seed": int, "data_seed": int,
    "data_fingerprint": str, "commit": str, "machine": str, "wall_seconds": float,
}  # fmt: skip
_NEEDED = ("metrics", "experiment", "variant")
_WORDS = {
    str: "text",
    dict: "an object",
    list: "a list",
    int: "a whole number",
    float: "a number",
}


def read_result(file: Path) -> dict[str, Any]:
    """Read a result.json, which may lie in an archive.

    Raises:
        InputError: if it is missing, broken, lacks a key, or has one of another type.
    """
    content = json_of(read_file(file, "result"), file)
    if not isinstance(content, dict) or not set(_NEEDED) <= set(content):
        raise InputError(f"{file}: expected an object with {', '.join(_NEEDED)}")
    for key, kind in _RESULT.items():
        if key in content and not _is(content[key], kind):
            raise _other(file, key, content[key], kind)
    for name, value in content["metrics"].items():
        if not _is(value, float):
            raise _other(file, f"metrics: {name}", value, float)
    return content


def read_config(file: Path) -> dict[str, Any]:
    """Read a config.yaml, which may lie in an archive; what it does not say has its default.

    A run of an earlier version, for instance, lacks the newer keys.

    Raises:
        InputError: if it is missing or broken, or a key of the schema has a value of another type.
    """
    text = text_of_yaml(read_file(file, "run folder's config"), file)
    content = yaml_mapping(text, Config, str(file))
    checked = _over_defaults(content, _defaults(), str(file), "")
    matcher = checked["matcher"]
    if matcher["name"] not in matcher or matcher["name"] == "name":
        raise InputError(f"{file}: matcher.name: {matcher['name']!r} is no matcher")
    return checked


def read_rows(file: Path, columns: Collection[str] = (), texts: Collection[str] = ()) -> pd.DataFrame:
    """Read a CSV file with a head, which may lie in an archive.

    Args:
        file: to read.
        columns: that it must have.
        texts: of them those that are no numbers; "*" for any.

    Raises:
        InputError: if it is missing or broken, lacks a column, or has text where numbers belong.
    """
    try:
        text = io.StringIO(text_of(read_file(file, "table")))
        rows = restored_frame(pd.read_csv(text, dtype=dict.fromkeys(texts, str)))
    except InputError:
        raise
    except Exception as error:  # pandas raises whatever the bytes lead to
        raise InputError(f"{file}: unreadable: {' '.join(str(error).split())[:120]}") from None
    lacking = sorted(set(columns) - set(rows.columns))
    if lacking:
        raise InputError(f"{file}: expected the column {lacking[0]}")
    for name in rows.columns:
        if name not in texts and "*" not in texts and rows[name].dtype.kind not in "iuf":
            raise InputError(f"{file}: column {str(name)[:60]!r}: expected numbers")
    return rows


@functools.cache
def _defaults() -> dict[str, Any]:
    return dataclasses.asdict(Config())


def _over_defaults(content: Mapping[str, Any], defaults: Mapping[str, Any], where: str, prefix: str) -> dict[str, Any]:
    checked = {**defaults, **content}
    for key, default in defaults.items():
        value = checked[key]
        if isinstance(default, dict) and default and isinstance(value, dict):
            checked[key] = _over_defaults(value, default, where, f"{prefix}{key}.")
        elif default is not None and not _is(value, type(default)) and value is not None:
            raise _other(where, f"{prefix}{key}", value, type(default))
        elif isinstance(default, dict) and value is None:
            raise _other(where, f"{prefix}{key}", value, dict)
    return checked


def _is(value: object, kind: type) -> bool:
    if kind is float:
        # A number beyond float's is an int in Python, which no arithmetic with floats takes.
        return type(value) is float or (type(value) is int and abs(value) < 2**1023)
    if kind is int:
        return type(value) is int and abs(value) < 2**63
    return isinstance(value, kind)


def _other(where: object, key: str, value: object, kind: type) -> InputError:
    return InputError(f"{where}: {key} must be {_WORDS.get(kind, kind.__name__)}, got {reprlib.repr(value)}")
