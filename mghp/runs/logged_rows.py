"""Rows of a training's metrics.csv as text, and whether they are what was logged."""

import csv
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mghp.errors import InputError
from mghp.reading import file_text
from mghp.runs.csv_cells import cells_of, rows_text
from mghp.writing import writing

_FOREIGN = "\ufffd"
"""Where bytes are no text."""


def rows_up_to(file: Path, position: Mapping[str, Any]) -> list[dict[str, str]]:
    """Read the rows of metrics.csv that were there at a `position`, with its columns; those after it may be anything.

    Args:
        file: metrics.csv; as good as empty where there is none.
        position: of `MetricsFile.position`.

    Raises:
        InputError: if they are not, byte by byte, what was logged.
    """
    number, columns = position["rows"], list(position["columns"])
    with writing(file):
        content = file_text(file, errors="replace") if file.exists() else ""
    try:
        found, read = cells_of(content, most=number)
        rows = [{name: row[name] for name in columns} for row in read]
        # Columns that came later are empty in these rows.
        as_written = rows_text(found, rows, head=bool(columns))
    except (csv.Error, KeyError):
        rows, as_written = [], ""
    digest = hashlib.sha256(rows_text(columns, rows, head=bool(columns)).encode()).hexdigest()
    expected = position.get("sha256", digest)  # which a training begun by an earlier version has not noted
    if len(rows) != number or digest != expected or not content.startswith(as_written) or _FOREIGN in as_written:
        raise InputError(
            f"{file}: its first rows are not what was logged: expected {number} rows of {len(columns)} columns, "
            f"SHA-256 {expected[:12]}...; put the file back, or begin the training anew"
        )
    return rows
