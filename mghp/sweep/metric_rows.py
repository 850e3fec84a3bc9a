"""Follows a metric through a run's metrics.csv while it is written."""

import csv
from contextlib import suppress
from pathlib import Path

from mghp.reading import file_text
from mghp.runs.csv_cells import cells_of


class MetricRows:
    """The values of one column, row by row.

    Args:
        file: may not be there yet.
        metric: the column.
    """

    def __init__(self, file: Path, metric: str) -> None:
        self._file = file
        self._metric = metric
        self._size = -1
        self._seen = 0

    def new(self) -> list[float]:
        """Return the values that came since the last call; rows without a number for the metric do not count."""
        try:
            size = self._file.stat().st_size
            if size == self._size:
                return []
            text = file_text(self._file)
        except (OSError, UnicodeDecodeError):
            return []
        self._size = size
        # Loggers write the file anew when a column is added: it is read from its beginning, whole lines only.
        values: list[float] = []
        try:
            for row in cells_of(text[: text.rfind("\n") + 1])[1]:
                with suppress(TypeError, ValueError):
                    values.append(float(row.get(self._metric) or ""))
        except csv.Error:  # what follows is no table
            pass
        fresh = values[self._seen :]
        self._seen = max(self._seen, len(values))
        return fresh
