"""Writes results/index.html."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2

from mghp.report.page.exhibit import Exhibit, Section
from mghp.report.runs import Run
from mghp.report.table import Table


@dataclass(frozen=True)
class Report:
    """What there is to show.

    Attributes:
        source: of the runs, in words.
        evidence: whether its numbers are any; else the page says that they are a demonstration.
        runs: behind it.
        tables: with rows.
        files: figures and pages that were written, below the page's folder.
    """

    source: str
    evidence: bool
    runs: Sequence[Run]
    tables: Sequence[Table]
    files: Sequence[Path]


def write_page(report: Report, sections: Sequence[Section], out: Path) -> Path:
    """The page, which needs nothing from outside its folder.

    Args:
        report: what there is.
        sections: in order; an exhibit of which nothing is there is left out.
        out: folder of the page, of the tables and of the figures.

    Returns:
        The page's path.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("mghp.report.page", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    shown = [(section.title, _shown(section.exhibits, report, out)) for section in sections]
    page = environment.get_template("index.html.j2").render(
        source=report.source,
        evidence=report.evidence,
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        sections=[(title, exhibits) for title, exhibits in shown if exhibits],
        provenance=_provenance(report.runs),
        style=resources.files("mghp.report.page").joinpath("style.css").read_text(encoding="utf-8"),
    )
    file = out / "index.html"
    file.write_text(page, encoding="utf-8", errors="replace")
    return file


def _shown(exhibits: Sequence[Exhibit], report: Report, out: Path) -> list[dict[str, Any]]:
    def places(ending: str, beginnings: Sequence[str]) -> list[str]:
        all_places = [file.relative_to(out).as_posix() for file in report.files if file.suffix == ending]
        return [place for beginning in beginnings for place in all_places if place.startswith(beginning)]

    shown = []
    for exhibit in exhibits:
        tables = [table for table in report.tables if table.name in exhibit.tables and table.rows]
        figures = [{"file": place, "name": _words(Path(place).stem)} for place in places(".png", exhibit.figures)]
        galleries = [{"file": place, "name": _page_name(Path(place))} for place in places(".html", exhibit.galleries)]
        if tables or figures or galleries:
            shown.append(
                {
                    "question": exhibit.question, "readings": exhibit.readings(report.runs),
                    "tables": [_table(table) for table in tables], "figures": figures, "galleries": galleries,
                }
            )  # fmt: skip
    return shown


def _page_name(place: Path) -> str:
    """Of the gallery's folder, and of its page where that is not the first."""
    return _words(place.parent.name if place.stem == "index" else f"{place.parent.name}: {place.stem}")


def _words(name: str) -> str:
    return name.replace("_", " ").replace("-", " ")


def _table(table: Table) -> dict[str, Any]:
    bold, names = table.bold(), list(table.formats)
    return {
        "name": table.name,
        "caption": table.caption,
        "head": [(name, "number" if form else "text") for name, form in table.formats.items()],
        "rows": [
            [(cell, (row, name) in bold) for name, cell in zip(names, cells, strict=True)]
            for row, cells in enumerate(table.cells())
        ],
        "files": [f"{table.name}{ending}" for ending in (".csv", ".tex", ".md", ".json")],
    }


def _provenance(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """A line an experiment: how many runs, of which seeds and commits, on which machines, and what they took."""
    lines = []
    for experiment in dict.fromkeys(run.experiment for run in runs):
        of_experiment = [run for run in runs if run.experiment == experiment]
        results = [run.result for run in of_experiment]
        lines.append(
            {
                "experiment": experiment,
                "runs": len(results),
                "seeds": ", ".join(map(str, sorted({run.seed for run in of_experiment}))),
                "commits": ", ".join(sorted({run.said("commit")[:10] for run in of_experiment})),
                "changed": any(result.get("uncommitted_changes") for result in results),
                "machines": "; ".join(sorted({str(result.get("machine", "")) for result in results})),
                "hours": sum(float(result.get("wall_seconds") or 0) for result in results) / 3600,
            }
        )
    return lines
