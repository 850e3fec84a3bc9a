"""Writes results/index.html."""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2

from mghp.report.page.exhibit import Exhibit, Section
from mghp.report.page.glossary import GLOSSARY
from mghp.report.table import Table
from mghp.runs.read import Run

LONG = 40
"""Tables of more rows than this are shown in a box of their own that scrolls."""


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
        glossary=GLOSSARY,
        long=LONG,
        style=resources.files("mghp.report.page").joinpath("style.css").read_text(encoding="utf-8"),
    )
    file = out / "index.html"
    file.write_text(page, encoding="utf-8", errors="replace")
    return file


def _shown(exhibits: Sequence[Exhibit], report: Report, out: Path) -> list[dict[str, Any]]:
    def places(ending: str, beginnings: Iterable[str]) -> Iterator[tuple[str, str]]:
        all_places = [file.relative_to(out).as_posix() for file in report.files if file.suffix == ending]
        return ((begins, place) for begins in beginnings for place in all_places if place.startswith(begins))

    shown = []
    for exhibit in exhibits:
        tables = [table for table in report.tables if table.name in exhibit.tables and table.rows]
        figures = [
            {"file": place, "caption": _caption(exhibit.figures[begins], Path(place).stem.removeprefix(begins))}
            for begins, place in places(".png", exhibit.figures)
        ]
        galleries = [
            {"file": place, "name": _page_title(out / place)} for _, place in places(".html", exhibit.galleries)
        ]
        if tables or figures or galleries:
            shown.append(
                {
                    "question": exhibit.question, "readings": exhibit.readings(report.runs),
                    "tables": [_table(table) for table in tables], "figures": figures, "galleries": galleries,
                }
            )  # fmt: skip
    return shown


def _caption(what: str, data: str) -> str:
    return f"{what}: {_words(data)}." if data else f"{what}."


def _page_title(page: Path) -> str:
    """What the page calls itself."""
    found = re.search(r"<title>(.*?)</title>", page.read_text(encoding="utf-8"), re.DOTALL)
    title = html.unescape(found[1]) if found else page.parent.name
    return title[:1].upper() + title[1:]


def _words(name: str) -> str:
    return name.replace("_", " ").replace("-", " ")


def _table(table: Table) -> dict[str, Any]:
    """A first column whose words repeat row after row is printed once, above the rows that share them."""
    names = list(table.formats)
    rows = [
        [(cell, (row, name) in table.best) for name, cell in zip(names, cells, strict=True)]
        for row, cells in enumerate(table.cells())
    ]
    groups = [(words, list(some)) for words, some in groupby(rows, key=lambda row: row[0][0])]
    is_grouped = not table.formats[names[0]] and len(rows) >= 3 * len(groups)
    if is_grouped:
        groups, names = [(words, [row[1:] for row in some]) for words, some in groups], names[1:]
    return {
        "name": table.name,
        "caption": table.caption,
        "head": [(name, "number" if table.formats[name] else "text") for name in names],
        "groups": groups if is_grouped else [("", rows)],
        "length": len(rows),
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
                "minutes": sum(float(result.get("wall_seconds") or 0) for result in results) / 60,
            }
        )
    return lines
