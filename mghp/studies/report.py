"""Writing all that a set of runs can fill: tables, figures, answers, galleries, and the page that shows them."""

from collections.abc import Sequence
from pathlib import Path

from mghp.gallery.cases import has_cases, read_cases
from mghp.gallery.write import write_comparison, write_gallery
from mghp.pictures.style import save_drawings
from mghp.report.page.write import Report, write_page
from mghp.report.table import Table, write_tables
from mghp.runs.read import Run
from mghp.studies.registry import all_questions, all_studies

ANSWERS = "answers.md"
"""The name of the file of answers."""


def write_report(runs: Sequence[Run], source: str, evidence: bool, out: Path) -> Path:
    """Write all that these runs can fill into a folder.

    Args:
        runs: runs of any experiments.
        source: where they come from, in words.
        evidence: True if the results count as evidence; otherwise the page is labelled a demonstration.
        out: folder to write to.

    Returns:
        The page.
    """
    tables = all_tables(runs)
    write_tables(tables, out)
    files = [*all_figures(runs, out), *_galleries(runs, out)]
    write_answers(runs, out)
    return write_page(Report(source, evidence, runs, tables, files), all_studies(), out)


def all_tables(runs: Sequence[Run]) -> list[Table]:
    """Return every table that has rows, in the order of the report."""
    tables = (table.filled(runs) for question in all_questions() for table in question.tables)
    return [table for table in tables if table.rows]


def all_figures(runs: Sequence[Run], folder: Path) -> list[Path]:
    """Draw every figure that these runs can fill, as PNG and SVG."""
    return [file for study in all_studies().values() for file in save_drawings(study.drawings(runs), folder)]


def write_answers(runs: Sequence[Run], out: Path) -> list[Path]:
    """Write the answer of each question to out/answers.md; nothing where the runs hold none."""
    answers = {question.text: answer for question in all_questions() if (answer := question.answer(runs))}
    if not answers:
        return []
    file = out / ANSWERS
    text = "".join(f"**{question}** {answer}\n\n" for question, answer in answers.items())
    file.write_text(text, encoding="utf-8", errors="replace")
    return [file]


def is_evidence(runs: Sequence[Run]) -> bool:
    """Return whether every training was done with several seeds; True without any training."""
    seeds: dict[tuple[str, str], set[int]] = {}
    for run in runs:
        if run.experiment == "learned" or "train/steps" in run.result["metrics"]:
            seeds.setdefault((run.experiment, run.variant), set()).add(run.seed)
    return not seeds or min(map(len, seeds.values())) > 1


def _galleries(runs: Sequence[Run], out: Path) -> list[Path]:
    """Write a gallery per run with known failures; compare each of the same pictures with the first."""
    folders = [run.path for run in runs if has_cases(run.path)]
    pages = write_gallery(folders, out, in_report=True)
    sets = [read_cases(folder).about["set"] for folder in folders]
    for other, pictures in zip(folders[1:], sets[1:], strict=True):
        if pictures == sets[0]:
            pages += write_comparison(folders[0], other, out, in_report=True)
    return pages
