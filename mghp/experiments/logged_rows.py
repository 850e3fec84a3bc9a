"""Rows of a training's metrics.csv as text, and whether they are what was logged."""

import csv
import hashlib
import io
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from mghp.errors import InputError
from mghp.writing import writing


def rows_up_to(file: Path, position: Mapping[str, Any]) -> list[dict[str, str]]:
    """The rows of metrics.csv that were there at a `position`, with its columns; those after it may be anything.

    Args:
        file: metrics.csv; as good as empty where there is none.
        position: of `MetricsFile.position`.

    Raises:
        InputError: if they are not, byte by byte, what was logged.
    """
    number, columns = position["rows"], list(position["columns"])
    with writing(file):
        content = file.read_bytes() if file.exists() else b""
    try:
        reader = csv.DictReader(io.StringIO(content.decode(errors="replace"), newline=""), restval="")
        rows = [{name: row[name] for name in columns} for row in islice(reader, number)]
        # Columns that came later are empty in these rows.
        as_written = rows_text(list(reader.fieldnames or []), rows, header=bool(columns))
    except (csv.Error, KeyError):
        rows, as_written = [], ""
    digest = hashlib.sha256(rows_text(columns, rows, header=bool(columns)).encode()).hexdigest()
    expected = position.get("sha256", digest)  # which a training begun by an earlier version has not noted
    if len(rows) != number or digest != expected or not content.startswith(as_written.encode()):
        raise InputError(
            f"{file}: its first rows are not what was logged: expected {number} rows of {len(columns)} columns, "
            f"SHA-256 {expected[:12]}...; put the file back, or begin the training anew"
        )
    return rows


def rows_text(columns: list[str], rows: list[dict[str, Any]], header: bool) -> str:
    """Rows as metrics.csv has them."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, fieldnames=columns)
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
