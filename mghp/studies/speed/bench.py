"""What a bench declares, how it is called, and how its rows are written and read."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from mghp.config.load import load_config, variant_names
from mghp.config.schema import Config
from mghp.datasets.pictures import load_pictures
from mghp.datasets.sample import PictureSet
from mghp.errors import InputError
from mghp.progress import Progress
from mghp.report.table import Column, TableOf
from mghp.runs.csv_cells import write_frame
from mghp.runs.folder import RunFolder
from mghp.runs.read import Run


@dataclass(frozen=True)
class Call:
    """One call of `mghp bench NAME`.

    Attributes:
        config: config of the run.
        progress: told what is measured.
        arguments: arguments of the command line, `key=value` or the path that the bench takes.
        file: experiment file of the bench, where it has one.
        device: device that `--device` names; empty where it was not given.
    """

    config: Config
    progress: Progress
    arguments: Sequence[str] = ()
    file: Path = Path()
    device: str = ""

    @cached_property
    def variants(self) -> dict[str, Config]:
        """The configs of the experiment file's variants, by name."""
        return {name: load_config(self.file, [*self.arguments, f"variant={name}"]) for name in variant_names(self.file)}

    @cached_property
    def train(self) -> PictureSet:
        """The pictures to train on."""
        return load_pictures(self.config.data, self.progress)[0]


@dataclass(frozen=True)
class Bench:
    """What the module of a bench declares.

    Attributes:
        measure: measures into a run folder, and returns the folder.
        tables: tables that the run folder fills.
    """

    measure: Callable[[Call], Path]
    tables: tuple[TableOf[Any], ...]


def finished(
    folder: RunFolder, rows: Iterable[Mapping[str, Any]], metrics: Mapping[str, float], file: str = "ratios.csv"
) -> Path:
    """Write the rows that were measured, end the run, and return its folder.

    Args:
        folder: folder of the run.
        rows: cells by column.
        metrics: metrics of the run, for result.json.
        file: name of the rows' file in the run folder.
    """
    write_frame(pd.DataFrame(list(rows)), folder.path / file)
    folder.finish(metrics)
    return folder.path


@dataclass(frozen=True)
class Measured:
    """One row of a CSV file in a bench's run folder."""

    run: Run
    file: str
    row: dict[str, Any]

    def __getitem__(self, column: str) -> Any:  # noqa: ANN401 (a number or text)
        """Return a cell.

        Raises:
            InputError: if the file has no such column.
        """
        if column not in self.row:
            raise InputError(f"{self.run.path / self.file}: expected the column {column}")
        return self.row[column]


def measurements(
    experiment: str, file: str = "ratios.csv", texts: Sequence[str] = (), medians_by: str = ""
) -> Callable[[Sequence[Run]], Iterator[Measured]]:
    """Return the function that reads the rows of a bench's file in runs.

    Args:
        experiment: experiment of the bench.
        file: name of the rows' file in the run folder.
        texts: columns of text.
        medians_by: column per whose values there is a row of medians, over repeats; every row as it is without.
    """

    def rows(runs: Sequence[Run]) -> Iterator[Measured]:
        for run in runs:
            if run.experiment == experiment:
                frame = run.rows(file, {medians_by} - {""}, texts)
                if medians_by:
                    frame = frame.groupby(medians_by, sort=False, as_index=False).median()
                for row in frame.to_dict("records"):
                    yield Measured(run, file, {str(column): value for column, value in row.items()})

    return rows


def cell(name: str, column: str, form: str = "", scale: float = 1) -> Column[Measured]:
    """Return the table's column that shows a column of the file, its numbers times `scale`."""
    if scale == 1:
        return Column(name, lambda row: row[column], form)
    return Column(name, lambda row: scale * row[column], form)
