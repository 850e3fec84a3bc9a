"""Finished runs, read back from their folders or from archives of them."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mghp.arrays import check_shapes
from mghp.config.dataset_names import dataset_label
from mghp.errors import InputError
from mghp.runs.arrays import read_arrays
from mghp.runs.files import read_config, read_result, read_rows
from mghp.runs.places import files_below, is_there

_TEXTS_OF_STEPS = ("varied", "solver")
"""Columns of metrics.csv that are words: of `mghp bench`."""


@dataclass(frozen=True)
class Run:
    """One finished run.

    Attributes:
        path: of its folder, which may lie in an archive.
    """

    path: Path

    @cached_property
    def result(self) -> dict[str, Any]:
        """The content of result.json."""
        return read_result(self.path / "result.json")

    @cached_property
    def config(self) -> dict[str, Any]:
        """The resolved config."""
        return read_config(self.path / "config.yaml")

    @cached_property
    def steps(self) -> pd.DataFrame:
        """The rows of metrics.csv, one a step; empty where nothing was traced."""
        return self.rows("metrics.csv", texts=_TEXTS_OF_STEPS) if self.has("metrics.csv") else pd.DataFrame()

    def has(self, name: str) -> bool:
        """Return whether the run has a file of this name, e.g. media/scenes.csv."""
        return is_there(self.path / name)

    def rows(self, name: str, columns: Collection[str] = (), texts: Collection[str] = ()) -> pd.DataFrame:
        """Read a table of the run.

        Args:
            name: of the file, e.g. ratios.csv.
            columns: that it must have.
            texts: of them those that are no numbers.

        Raises:
            InputError: if it is missing or of something else.
        """
        return read_rows(self.path / name, columns, texts)

    @property
    def experiment(self) -> str:
        """The experiment that the run belongs to."""
        return str(self.result["experiment"])

    @property
    def variant(self) -> str:
        """The variant of the experiment, or ""."""
        return str(self.result["variant"])

    @property
    def seed(self) -> int:
        """The seed of the run."""
        return int(self.said("seed"))

    def said(self, key: str) -> Any:  # noqa: ANN401 (any JSON)
        """Return what result.json says under a key that every run of the suite has.

        Raises:
            InputError: if it is not there.
        """
        if key not in self.result:
            raise InputError(f"{self.path / 'result.json'}: expected a key {key!r}")
        return self.result[key]

    @property
    def matcher(self) -> dict[str, Any]:
        """The options of the matcher that the config names."""
        options: dict[str, Any] = self.config["matcher"][self.config["matcher"]["name"]]
        return options

    def metric(self, name: str) -> float:
        """Return a final metric; NaN where the run does not have it."""
        return float(self.result["metrics"].get(name, float("nan")))

    def association(self, rounding: str) -> NDArray[np.int64] | None:
        """Return counts of pairs an image (images, 3), if this rounding was scored.

        Raises:
            InputError: if the file is damaged, or the array is of another shape.
        """
        return self._arrays("association", {rounding: ("n", 3)}).get(rounding)

    def tested(self, name: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return a learned scorer's test images, and true positives, false positives, false negatives of each.

        Args:
            name: "limbs", of joined pairs, or "persons", of candidates in groups.

        Raises:
            InputError: if the run has none.
        """
        arrays = self._arrays("association", {"image": ("n",), name: ("n", 3)})
        if not {"image", name} <= set(arrays):
            raise InputError(f"{self.path / 'media' / 'association.npz'}: expected {name} of a learned scorer's images")
        return arrays["image"], arrays[name]

    @property
    def example(self) -> dict[str, NDArray[Any]]:
        """The affinity, assignment, best and truth of one problem; empty where there was none to show.

        Raises:
            InputError: if the file is damaged, or they are not all there, each (source, destination).
        """
        names = ("affinity", "assignment", "best", "truth")
        arrays = self._arrays("example", dict.fromkeys(names, ("source", "destination")))
        if arrays and not set(names) <= set(arrays):
            raise InputError(f"{self.path / 'media' / 'example.npz'}: expected {', '.join(names)}")
        return arrays

    def _arrays(self, name: str, shapes: Mapping[str, tuple[str | int, ...]]) -> dict[str, NDArray[Any]]:
        file = self.path / "media" / f"{name}.npz"
        arrays = read_arrays(file, "arrays") if is_there(file) else {}
        check_shapes(file, arrays, shapes)
        return arrays

    @property
    def data(self) -> str:
        """The run's data in words."""
        data = self.config["data"]
        if data["name"] == "random":
            random = data["random"]
            return f"random {random['kind']} {random['source']}x{random['destination']}"
        if data["name"] == "predicted_problems":
            file = Path(data["annotations"]).stem if data["annotations"] else str(data["splits"]["validation"])
            return predicted_in_words(data, [file])
        return f"{dataset_label(str(data['name']))}, {data['poses']['preset']}"


BySeed = Mapping[int, Run]
"""Runs that differ in their seed alone."""


def by_seed(runs: Iterable[Run]) -> dict[int, Run]:
    """Return runs by their seeds, in order.

    Raises:
        InputError: if two are of one seed.
    """
    found: dict[int, Run] = {}
    for run in runs:
        other = found.setdefault(run.seed, run)
        if other is not run:
            raise InputError(f"{other.path} and {run.path}: two runs of one seed that differ; expected one of them")
    return dict(sorted(found.items()))


def find_runs(paths: Iterable[Path]) -> list[Run]:
    """Return all finished runs at or below the paths, in order of their folders' names.

    Args:
        paths: of run folders, of archives, and of folders that hold either at any depth.

    Raises:
        InputError: if a path does not exist, an archive is damaged, or no run is found at all.
    """
    found: dict[Path, Run] = {}
    for path in paths:
        if not is_there(path):
            raise InputError(f"{path}: no such run folder")
        for file in files_below(path, "result.json"):
            found.setdefault(file.parent.resolve(), Run(file.parent))
    if not found:
        raise InputError(f"{', '.join(map(str, paths))}: no finished run (no result.json)")
    return [run for run in found.values() if not run.result.get("stopped")]


def predicted_in_words(data: Mapping[str, Any], files: Iterable[str]) -> str:
    """Return predicted problems of some files in letters that a file's name can have, and what is unusual about them.

    Args:
        data: section of a config.
        files: their names.
    """
    names = " and ".join(re.sub(r"[^\w.+-]+", " ", file).strip() for file in files)
    words = [dataset_label(str(data["name"])), names]
    if data["predicted_problems"]["near_nobody"] == "kept":
        words.append("near nobody kept")
    return ", ".join(words)
