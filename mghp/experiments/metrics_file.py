"""metrics.csv of a training: Lightning's logger whose file is whole after every row."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_only

from mghp.writing import write_atomically, writing


class MetricsFile(Logger):
    """A row for everything that is logged, with its step; a new column is empty in the rows before.

    Lightning's own CSVLogger rewrites the file in place for a new column, and whoever is killed then loses all of it.

    Args:
        file: metrics.csv; rows that are there already, of the training that goes on, stay.
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file
        self._columns: list[str] = []
        self._rows = 0
        if file.exists():
            self._columns, rows = _read(file)
            self._rows = len(rows)

    @property
    def name(self) -> str:
        """Of the logger."""
        return "metrics"

    @property
    def version(self) -> str:
        """There is one."""
        return ""

    def log_hyperparams(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401
        """They are in config.yaml."""

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Append a row.

        Raises:
            InputError: if the disk does not take it; the rows before are kept.
        """
        row = {**metrics, "step": step}
        columns = sorted({*self._columns, *row})
        if columns != self._columns:
            rows = _read(self.file)[1] if self._rows else []
            write_atomically(self.file, _text(columns, rows, header=True))
            self._columns = columns
        with writing(self.file), self.file.open("a", newline="") as stream:
            stream.write(_text(columns, [row], header=False))
        self._rows += 1

    @property
    def position(self) -> dict[str, Any]:
        """How far the file is: its rows and columns."""
        return {"rows": self._rows, "columns": list(self._columns)}

    @rank_zero_only
    def go_back_to(self, position: Mapping[str, Any]) -> None:
        """Leave out what was logged after a `position`."""
        rows = _read(self.file)[1] if self.file.exists() else []
        self._columns = list(position["columns"])
        kept = [{name: row[name] for name in self._columns} for row in rows[: position["rows"]]]
        self._rows = len(kept)
        write_atomically(self.file, _text(self._columns, kept, header=bool(self._columns)))


def _read(file: Path) -> tuple[list[str], list[dict[str, str]]]:
    with file.open(newline="") as stream:
        reader = csv.DictReader(stream)
        rows = list(reader)
        return list(reader.fieldnames or []), rows


def _text(columns: list[str], rows: list[dict[str, Any]], header: bool) -> str:
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, fieldnames=columns)
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
