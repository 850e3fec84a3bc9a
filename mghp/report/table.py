"""A table, declared by its columns and filled from runs.

It is written as Markdown, CSV and LaTeX (booktabs), beside a JSON of the runs behind each row.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import pandas as pd

from mghp.runs.csv_cells import frame_text
from mghp.runs.read import Run

ENDINGS = (".md", ".csv", ".tex", ".json")
"""Endings of the files that a table is written to."""

Item = TypeVar("Item")
"""What one row of a table is about, e.g. a run, or the runs of one variant."""

Shown = TypeVar("Shown", contravariant=True)
"""What a column can show: a column of any run also shows a run of a bench."""


@dataclass(frozen=True)
class Column(Generic[Shown]):
    """One column of a table.

    Attributes:
        name: its head.
        value: returns the cell of a row: a number, text, None where there is nothing, or a cell with a `__format__`.
        form: how numbers are printed, e.g. ".2f"; "" for text.
        is_best: tells the rows that stand in bold.
    """

    name: str
    value: Callable[[Shown], Any]
    form: str = ""
    is_best: Callable[[Shown], bool] | None = None


class TableOf(Generic[Item]):
    """A table that says each of its columns once; `filled` makes it of runs.

    Args:
        name: file name without ending, e.g. M1.
        caption: what it shows; a function where the caption depends on the rows.
        columns: in order.
        rows: returns what the rows are about, found in the runs.
        sources: returns the runs behind a row. Not needed where a row is a run, or holds the one behind it as `run`.
    """

    def __init__(
        self,
        name: str,
        caption: str | Callable[[Sequence[Item]], str],
        *columns: Column[Item],
        rows: Callable[[Sequence[Run]], Iterable[Item]],
        sources: Callable[[Item], Iterable[Run]] | None = None,
    ) -> None:
        self.name = name
        self.columns = columns
        self._caption = caption
        self._rows = rows
        self._sources = sources or _its_run

    def filled(self, runs: Sequence[Run]) -> "Table":
        """Return the table of these runs, without rows where none of them belongs into it."""
        items = list(self._rows(runs))
        caption = self._caption if isinstance(self._caption, str) else self._caption(items)
        table = Table(self.name, caption, {column.name: column.form for column in self.columns})
        for place, item in enumerate(items):
            table.add({column.name: column.value(item) for column in self.columns}, *self._sources(item))
            table.best |= {(place, column.name) for column in self.columns if column.is_best and column.is_best(item)}
        return table


def _its_run(item: Any) -> tuple[Run]:  # noqa: ANN401 (a run, or what holds one, by the contract of TableOf)
    return (getattr(item, "run", item),)


def metric(name: str) -> Callable[[Run], float]:
    """Return the function that reads this metric of a run; NaN where the run does not have it."""
    return lambda run: run.metric(name)


def percent(name: str) -> Callable[[Run], float]:
    """Return the function that reads this metric of a run, in percent."""
    return lambda run: 100 * run.metric(name)


@dataclass
class Table:
    """Rows of numbers with a format per column, and the runs behind each row."""

    name: str
    """File name without ending, e.g. M1."""
    caption: str
    formats: dict[str, str]
    """Columns in order, and how each is printed, e.g. {"gap mean [%]": ".2f"}; "" for text."""
    rows: list[dict[str, Any]] = field(default_factory=list)
    sources: list[list[Run]] = field(default_factory=list)
    """The runs behind each row."""
    best: set[tuple[int, str]] = field(default_factory=set)
    """Row and column of the numbers that stand in bold."""

    def add(self, row: dict[str, Any], *sources: Run) -> None:
        """Append a row; columns it lacks stay empty."""
        self.rows.append(row)
        self.sources.append(list(sources))

    def frame(self) -> pd.DataFrame:
        """Return the numbers as they are; a cell that holds several numbers has several columns."""
        columns: dict[str, list[Any]] = {}
        for name, form in self.formats.items():
            parts = [_parts(_number(row.get(name), form)) for row in self.rows]
            for ending in dict.fromkeys(ending for part in parts for ending in part):
                columns[f"{name}{ending}"] = [part.get(ending) for part in parts]
        return pd.DataFrame(columns, columns=list(columns or self.formats))

    def cells(self) -> list[list[str]]:
        """Return the cells of each row as they are printed."""
        return [[_cell(row.get(name), form) for name, form in self.formats.items()] for row in self.rows]

    def markdown(self) -> str:
        """Return the table as GitHub shows it, below its caption."""
        plain = [[_in_a_cell(cell) for cell in line] for line in self.cells()]
        cells = self._emphasised(plain, "**", "**")
        lines = [list(self.formats), ["---" if not form else "---:" for form in self.formats.values()], *cells]
        return f"**{self.name}.** {self.caption}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"

    def latex(self) -> str:
        """Return the table in LaTeX, by booktabs."""
        columns = "".join("r" if form else "l" for form in self.formats.values())
        cells = self._emphasised([list(map(_escape, line)) for line in self.cells()], r"\textbf{", "}")
        body = [" & ".join(line) + r" \\" for line in cells]
        head = " & ".join(map(_escape, self.formats)) + r" \\"
        return "\n".join(
            [r"\begin{table}", rf"\caption{{{_escape(self.caption)}}}", rf"\label{{tab:{self.name}}}",
             rf"\begin{{tabular}}{{{columns}}}", r"\toprule", head, r"\midrule", *body, r"\bottomrule",
             r"\end{tabular}", r"\end{table}", ""]
        )  # fmt: skip

    def write(self, folder: Path) -> list[Path]:
        """Write the table's four files into a folder and return their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        texts = {
            ".md": self.markdown(),
            ".csv": frame_text(self.frame()),
            ".tex": self.latex(),
            ".json": json.dumps({"caption": self.caption, "rows": self._provenance()}, indent=1),
        }
        for ending, text in texts.items():
            (folder / f"{self.name}{ending}").write_text(text, encoding="utf-8", errors="replace")
        return [folder / f"{self.name}{ending}" for ending in texts]

    def _emphasised(self, cells: list[list[str]], before: str, after: str) -> list[list[str]]:
        names = list(self.formats)
        return [
            [
                f"{before}{cell}{after}" if (row, names[column]) in self.best else cell
                for column, cell in enumerate(line)
            ]
            for row, line in enumerate(cells)
        ]

    def _provenance(self) -> list[dict[str, Any]]:
        shown = ("key", "commit", "uncommitted_changes", "seed", "data_seed", "data_fingerprint", "machine")
        return [
            {
                "row": {name: row[name] for name, form in self.formats.items() if not form and name in row},
                "runs": [{"folder": str(run.path), **{key: run.result.get(key) for key in shown}} for run in runs],
            }
            for row, runs in zip(self.rows, self.sources, strict=True)
        ]


def write_tables(tables: Sequence[Table], folder: Path) -> list[Path]:
    """Write the tables that have rows and return all paths."""
    return [file for table in tables if table.rows for file in table.write(folder)]


def _cell(value: Any, form: str) -> str:  # noqa: ANN401 (a number, text or nothing)
    if value is None or value != value:  # NaN is unequal to itself
        return ""
    return format(value, form) if form and not isinstance(value, str) else str(value)


def _number(value: Any, form: str) -> Any:  # noqa: ANN401 (a number, text or nothing)
    """Return what a file of numbers gets: None where a column of numbers says in words why there is none."""
    return None if isinstance(value, str) and form not in ("", "s") else value


def _parts(value: Any) -> dict[str, Any]:  # noqa: ANN401 (a number, text, nothing, or a cell of several numbers)
    """Return what a file of numbers gets, by what is added to the column's name."""
    parts: dict[str, Any] = value.columns() if hasattr(value, "columns") else {"": value}
    return parts


def _in_a_cell(text: str) -> str:
    """Escape text so that a Markdown table shows it as it is: neither the end of a cell nor HTML."""
    for plain, shown in (("<", "&lt;"), ("|", r"\|")):
        text = text.replace(plain, shown)
    return " ".join(text.split())


_LATEX = str.maketrans(
    {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", **{letter: rf"\{letter}" for letter in "%_&#${}"}}
)


def _escape(text: str) -> str:
    text = text.translate(_LATEX)
    return re.sub(r"\^(\w)", r"\\textsuperscript{\1}", text)
