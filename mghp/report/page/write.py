"""Writing the report's page, index.html."""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2

from mghp.report.page.glossary import GLOSSARY
from mghp.report.study import Question, Study
from mghp.report.table import ENDINGS, Table
from mghp.runs.read import Run

LONG = 40
"""Tables of more rows than this are shown in a box of their own that scrolls."""


@dataclass(frozen=True)
class Report:
    """The content of the page.

    Attributes:
        source: where the runs come from, in words.
        evidence: True if the results count as evidence; otherwise the page says that they are a demonstration.
        runs: runs behind it.
        tables: those with rows.
        files: figures and pages that were written, below the page's folder.
    """

    source: str
    evidence: bool
    runs: Sequence[Run]
    tables: Sequence[Table]
    files: Sequence[Path]


def write_page(report: Report, studies: Mapping[str, Study], out: Path) -> Path:
    """Write the page, the answers first, then what they are made of; it needs nothing from outside its folder.

    Args:
        report: content of the page.
        studies: by title, in order; a question without answer, table, figure and gallery is left out.
        out: folder of the page, of the tables and of the figures.

    Returns:
        The page's path.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("mghp.report.page", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    shown = [(title, _shown(study.questions, report, out)) for title, study in studies.items()]
    page = environment.get_template("index.html.j2").render(
        source=report.source,
        evidence=report.evidence,
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        studies=[(title, questions) for title, questions in shown if questions],
        provenance=_provenance(report.runs),
        glossary=GLOSSARY,
        long=LONG,
        style=resources.files("mghp.report.page").joinpath("style.css").read_text(encoding="utf-8"),
    )
    file = out / "index.html"
    file.write_text(page, encoding="utf-8", errors="replace")
    return file


def _shown(questions: Sequence[Question], report: Report, out: Path) -> list[dict[str, Any]]:
    tables = {table.name: table for table in report.tables if table.rows}
    shown = [
        {
            "text": question.text,
            "anchor": _anchor(question.text),
            "answer": question.answer(report.runs),
            "tables": [_table(tables[table.name]) for table in question.tables if table.name in tables],
            "kinds": [
                [_figure(place, caption, begins) for place in _places(report, out, ".png", begins)]
                for begins, caption in question.figures.items()
                if _places(report, out, ".png", begins)
            ],
            "galleries": [
                {"file": place, "name": _page_title(out / place)}
                for begins in question.galleries
                for place in _places(report, out, ".html", begins)
            ],
        }
        for question in questions
    ]
    return [one for one in shown if any(one[key] for key in ("answer", "tables", "kinds", "galleries"))]


def _places(report: Report, out: Path, ending: str, begins: str) -> list[str]:
    """Return the files with this beginning and ending, relative to the page."""
    places = [file.relative_to(out).as_posix() for file in report.files if file.suffix == ending]
    return [place for place in places if place.startswith(begins)]


def _figure(place: str, what: str, begins: str) -> dict[str, str]:
    """Return a figure's files and words; a picture of a gallery has no vector file."""
    vector = "" if place.startswith("gallery") else str(Path(place).with_suffix(".svg").as_posix())
    return {
        "file": place,
        "vector": vector,
        "what": what,
        "caption": _caption(what, Path(place).stem.removeprefix(begins)),
    }


def _anchor(text: str) -> str:
    """Return the question's address within the page."""
    return "-".join(re.findall("[a-z0-9]+", text.lower()))


def _caption(what: str, data: str) -> str:
    words = data.replace("_", " ").replace("-", " ")
    return f"{what}: {words}." if data else f"{what}."


def _page_title(page: Path) -> str:
    """Return what the page calls itself."""
    found = re.search(r"<title>(.*?)</title>", page.read_text(encoding="utf-8"), re.DOTALL)
    title = html.unescape(found[1]) if found else page.parent.name
    return title[:1].upper() + title[1:]


def _table(table: Table) -> dict[str, Any]:
    """Return a table's cells; a first column whose words repeat is printed once, above the rows that share them."""
    names = list(table.formats)
    rows = [
        [(cell, (row, name) in table.best) for name, cell in zip(names, cells, strict=True)]
        for row, cells in enumerate(table.cells())
    ]
    groups = [(words, list(some)) for words, some in groupby(rows, key=lambda row: row[0][0])]
    opening, _, details = table.caption.partition(". ")
    is_grouped = not table.formats[names[0]] and len(rows) >= 3 * len(groups)
    if is_grouped:
        groups, names = [(words, [row[1:] for row in some]) for words, some in groups], names[1:]
    return {
        "name": table.name,
        "about": opening.removesuffix("."),
        "details": details,
        "head": [(name, "number" if table.formats[name] else "text") for name in names],
        "groups": groups if is_grouped else [("", rows)],
        "length": len(rows),
        "files": [f"{table.name}{ending}" for ending in ENDINGS],
    }


def _provenance(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return a line per experiment: runs, seeds, commits, machines, and the minutes they took."""
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
