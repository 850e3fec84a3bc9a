"""metrics.csv of a training: Lightning's logger whose file is whole after every row."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_only

from mghp.runs.csv_cells import rows_text
from mghp.runs.logged_rows import rows_up_to
from mghp.writing import write_atomically, writing


class MetricsFile(Logger):
    """A row for everything that is logged, with its step; a new column is empty in the rows before.

    Lightning's own CSVLogger rewrites the file in place for a new column, and whoever is killed then loses all of it.

    Args:
        file: metrics.csv; of a training that goes on, the rows that are there stay by `go_back_to`.
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file
        self._columns: list[str] = []
        self._rows = 0
        self._written = hashlib.sha256()  # of the whole file, kept up row by row

    @property
    def name(self) -> str:
        """The logger's name."""
        return "metrics"

    @property
    def version(self) -> str:
        """The logger's version: there is only one."""
        return ""

    def log_hyperparams(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401
        """Log nothing: hyperparameters are in config.yaml."""

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Append a row.

        Raises:
            InputError: if the disk does not take it; the rows before are kept.
        """
        row = {**metrics, "step": step}
        columns = sorted({*self._columns, *row})
        if columns != self._columns:
            rows = rows_up_to(self.file, self.position) if self._rows else []
            self._rewrite(columns, rows)
        text = rows_text(columns, [row], head=False)
        with writing(self.file), self.file.open("a", newline="") as stream:
            stream.write(text)
        self._written.update(text.encode())
        self._rows += 1

    @property
    def position(self) -> dict[str, Any]:
        """The state of the file: its number of rows, its columns, and the SHA-256 of these rows as text."""
        return {"rows": self._rows, "columns": list(self._columns), "sha256": self._written.hexdigest()}

    @rank_zero_only
    def to_disk(self) -> None:
        """Flush what is written to the disk, before something relies on it after a crash of the machine."""
        if self._rows:
            with writing(self.file), self.file.open("rb") as stream:
                os.fsync(stream.fileno())

    @rank_zero_only
    def go_back_to(self, position: Mapping[str, Any]) -> None:
        """Remove what was logged after a `position`.

        Raises:
            InputError: as `rows_up_to`.
        """
        rows = rows_up_to(self.file, position)
        self._rewrite(list(position["columns"]), rows)
        self._rows = len(rows)

    def _rewrite(self, columns: list[str], rows: list[dict[str, str]]) -> None:
        text = rows_text(columns, rows, head=bool(columns))
        write_atomically(self.file, text)
        self._columns, self._written = columns, hashlib.sha256(text.encode())
