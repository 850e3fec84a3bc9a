"""Everything that a set of runs can fill: tables, figures, readings, galleries, and the page that shows them."""

from collections.abc import Sequence
from pathlib import Path

from mghp.gallery.cases import has_cases, read_cases
from mghp.gallery.write import write_comparison, write_gallery
from mghp.report.page.write import Report, write_page
from mghp.report.table import write_tables
from mghp.runs.read import Run
from mghp.studies.failures.tables import failure_runs
from mghp.studies.filled import all_figures, all_tables
from mghp.studies.sections import SECTIONS


def write_report(runs: Sequence[Run], source: str, evidence: bool, out: Path) -> Path:
    """Write it.

    Args:
        runs: behind it.
        source: of them, in words.
        evidence: True if the results count as evidence; otherwise the page is labelled a demonstration.
        out: folder of everything.

    Returns:
        The page.
    """
    tables = all_tables(runs)
    write_tables(tables, out)
    files = [*all_figures(runs, out), *_galleries(runs, out)]
    write_readings(runs, out)
    return write_page(Report(source, evidence, runs, tables, files), SECTIONS, out)


def is_evidence(runs: Sequence[Run]) -> bool:
    """Whether trainings, if there are any, have all been done with several seeds."""
    seeds: dict[tuple[str, str], set[int]] = {}
    for run in runs:
        if run.experiment == "learned" or "train/steps" in run.result["metrics"]:
            seeds.setdefault((run.experiment, run.variant), set()).add(run.seed)
    return not seeds or min(map(len, seeds.values())) > 1


def _galleries(runs: Sequence[Run], out: Path) -> list[Path]:
    """A gallery of every run whose failures are known, and each of the same pictures against the first."""
    folders = [run.path for run in failure_runs(runs) if has_cases(run.path)]
    pages = write_gallery(folders, out, in_report=True)
    sets = [read_cases(folder).about["set"] for folder in folders]
    for other, pictures in zip(folders[1:], sets[1:], strict=True):
        if pictures == sets[0]:
            pages += write_comparison(folders[0], other, out, in_report=True)
    return pages


def write_readings(runs: Sequence[Run], out: Path) -> list[Path]:
    """All that the numbers say, question by question, in out/readings.md; nothing where they say nothing."""
    lines: list[str] = []
    for section in SECTIONS:
        for exhibit in section.exhibits:
            sentences = exhibit.readings(runs)
            if sentences:
                lines += [f"**{exhibit.question}**", "", *(f"* {sentence}" for sentence in sentences), ""]
    if not lines:
        return []
    file = out / "readings.md"
    file.write_text("\n".join(lines), encoding="utf-8", errors="replace")
    return [file]
