"""A table and its files: Markdown, CSV, LaTeX (booktabs), and a JSON of where each row comes from."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from mghp.report.runs import Run


@dataclass
class Table:
    """Rows of numbers with a format a column."""

    name: str
    """File name without ending, e.g. M1."""
    caption: str
    formats: dict[str, str]
    """Columns in order, and how each is printed, e.g. {"gap mean [%]": ".2f"}; "" for text."""
    rows: list[dict[str, Any]] = field(default_factory=list)
    sources: list[list[Run]] = field(default_factory=list)
    """The runs behind each row."""

    def add(self, row: dict[str, Any], *sources: Run) -> None:
        """Append a row; columns it lacks stay empty."""
        self.rows.append(row)
        self.sources.append(list(sources))

    def frame(self) -> pd.DataFrame:
        """The numbers as they are."""
        return pd.DataFrame(self.rows, columns=list(self.formats))

    def cells(self) -> list[list[str]]:
        """The numbers as they are printed."""
        return [[_cell(row.get(name), form) for name, form in self.formats.items()] for row in self.rows]

    def markdown(self) -> str:
        """A GitHub table under its caption."""
        lines = [list(self.formats), ["---" if not form else "---:" for form in self.formats.values()], *self.cells()]
        return f"**{self.name}.** {self.caption}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"

    def latex(self) -> str:
        """A booktabs table."""
        columns = "".join("r" if form else "l" for form in self.formats.values())
        body = [" & ".join(map(_escape, line)) + r" \\" for line in self.cells()]
        head = " & ".join(map(_escape, self.formats)) + r" \\"
        return "\n".join(
            [r"\begin{table}", rf"\caption{{{_escape(self.caption)}}}", rf"\label{{tab:{self.name}}}",
             rf"\begin{{tabular}}{{{columns}}}", r"\toprule", head, r"\midrule", *body, r"\bottomrule",
             r"\end{tabular}", r"\end{table}", ""]
        )  # fmt: skip

    def write(self, folder: Path) -> list[Path]:
        """Write all four files."""
        folder.mkdir(parents=True, exist_ok=True)
        texts = {
            ".md": self.markdown(),
            ".csv": self.frame().to_csv(index=False),
            ".tex": self.latex(),
            ".json": json.dumps({"caption": self.caption, "rows": self._provenance()}, indent=1),
        }
        for ending, text in texts.items():
            (folder / f"{self.name}{ending}").write_text(text)
        return [folder / f"{self.name}{ending}" for ending in texts]

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
    """Write the tables that have rows."""
    return [file for table in tables if table.rows for file in table.write(folder)]


def _cell(value: Any, form: str) -> str:  # noqa: ANN401 (a number, text or nothing)
    if value is None or value != value:  # NaN is unequal to itself
        return ""
    return format(value, form) if form else str(value)


def _escape(text: str) -> str:
    for plain, escaped in (("\\", r"\textbackslash{}"), ("%", r"\%"), ("_", r"\_"), ("&", r"\&"), ("#", r"\#")):
        text = text.replace(plain, escaped)
    return text
