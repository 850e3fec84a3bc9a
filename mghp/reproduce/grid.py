"""The points of a sweep file's grid, as a reproduction runs them."""

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from mghp.config.load import read_yaml


def grid_points(sweep_file: Path, replaced: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Every combination of the file's values, in the file's order of parameters.

    Args:
        sweep_file: of method grid.
        replaced: values that take the place of the file's, by the last part of their key.
    """
    parameters = read_yaml(sweep_file)["parameters"]
    values = {
        key: replaced.get(key.rpartition(".")[2], setting["values"] if "values" in setting else [setting["value"]])
        for key, setting in parameters.items()
    }
    return [dict(zip(values, point, strict=True)) for point in product(*values.values())]


def experiment_of(sweep_file: Path) -> str:
    """The experiment file that the sweep's command names, relative to the checkout."""
    return next(str(word) for word in read_yaml(sweep_file)["command"] if str(word).startswith("experiments/"))


def settings_of(point: Mapping[str, Any]) -> list[str]:
    """A point as `key=value`."""
    return [f"{key}={value}" for key, value in point.items()]
