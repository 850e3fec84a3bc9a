"""Cells of a CSV file that a spreadsheet would take for formulas: neutral in the file, themselves again when read.

A cell that begins like a formula and is no number gets an apostrophe before it: "this is text". So does one that has
apostrophes before such a beginning, so that reading takes away what writing has put, and no more.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mghp.writing import writing

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def neutral(cell: Any) -> Any:  # noqa: ANN401 (text, a number or nothing)
    """Return what is written of a cell."""
    return f"'{cell}" if isinstance(cell, str) and _begins_like_a_formula(cell) else cell


def restored(cell: Any) -> Any:  # noqa: ANN401
    """Return what a written cell was."""
    is_marked = isinstance(cell, str) and cell.startswith("'") and _begins_like_a_formula(cell)
    return cell[1:] if is_marked else cell


def write_frame(frame: "pd.DataFrame", file: Path) -> None:
    """Write a CSV file with a head and without the frame's index.

    Raises:
        InputError: if the disk does not take it.
    """
    with writing(file):
        file.write_text(frame_text(frame), encoding="utf-8", errors="replace")


def frame_text(frame: "pd.DataFrame") -> str:
    """Return what `write_frame` writes."""
    text: str = _each_cell(frame, neutral).to_csv(index=False)
    return text


def restored_frame(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return a frame that pandas has read from such a file with the cells that were written."""
    return _each_cell(frame, restored)


def rows_text(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], *, head: bool) -> str:
    """Return rows of a CSV file as text; a column that a row lacks is empty.

    Raises:
        ValueError: if a row has another column.
    """
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, columns)
    if head:
        writer.writerow({name: neutral(name) for name in columns})
    writer.writerows({name: neutral(cell) for name, cell in row.items()} for row in rows)
    return stream.getvalue()


def cells_of(text: str, most: int | None = None) -> tuple[list[str], list[dict[str, str]]]:
    """Return the columns and rows of a CSV file's text; of a row that breaks off the rest is empty.

    Args:
        text: of the file.
        most: rows to read, whatever comes after them; None: all.
    """
    lines = csv.reader(io.StringIO(text, newline=""))
    columns = [restored(name) for name in next(lines, [])]
    empty = dict.fromkeys(columns, "")
    rows = islice(filter(None, lines), most)
    return columns, [empty | dict(zip(columns, map(restored, line), strict=False)) for line in rows]


def head_of(file: Path) -> list[str]:
    """Read the columns of a CSV file that is still growing; none where it is not there yet.

    Raises:
        OSError: if it cannot be read.
    """
    if not file.exists():
        return []
    with file.open(newline="", encoding="utf-8-sig") as stream:
        return [restored(name) for name in next(csv.reader(stream), [])]


def _each_cell(frame: "pd.DataFrame", change: Any) -> "pd.DataFrame":  # noqa: ANN401
    """Change the cells of columns that hold text, as arrays of objects: pandas would find a new type for a list."""
    changed = frame.copy()
    for name in frame.columns[[dtype.kind == "O" for dtype in frame.dtypes]]:
        cells = frame[name].to_numpy(dtype=object, copy=True)
        cells[:] = [change(cell) for cell in cells]
        changed[name] = cells
    return changed.rename(columns=change)


def _begins_like_a_formula(cell: str) -> bool:
    return cell.lstrip("'").startswith(_FORMULA) and not _is_number(cell)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell
