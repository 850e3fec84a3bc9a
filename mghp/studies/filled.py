"""All tables and figures that a set of runs can fill, in the order of the report."""

from collections.abc import Sequence
from pathlib import Path

from mghp.report.table import Table
from mghp.runs.read import Run
from mghp.studies.components.tables import component_tables
from mghp.studies.failures.figures import failure_figures
from mghp.studies.failures.tables import failure_table
from mghp.studies.learned.figures import learned_figures
from mghp.studies.learned.tables import learned_tables
from mghp.studies.parsing.figures import parsing_figures
from mghp.studies.parsing.published_table import published_table
from mghp.studies.parsing.tables import parsing_tables
from mghp.studies.rotation.tables import rotation_tables
from mghp.studies.solvers.figures import matching_figures
from mghp.studies.solvers.tables import matching_tables
from mghp.studies.speed.bench_tables import suite_bench_tables
from mghp.studies.speed.faults_tables import faults_bench_table
from mghp.studies.speed.speed_tables import speed_bench_table


def all_tables(runs: Sequence[Run]) -> list[Table]:
    """Those with rows.

    Args:
        runs: of any experiments.
    """
    return [table for table in every_table(runs) if table.rows]


def every_table(runs: Sequence[Run]) -> list[Table]:
    """All of them; those that no run fills are empty."""
    return [
        *matching_tables(runs), *learned_tables(runs), *parsing_tables(runs), *component_tables(runs),
        *rotation_tables(runs), failure_table(runs), published_table(runs), *suite_bench_tables(runs),
        faults_bench_table(runs), speed_bench_table(runs),
    ]  # fmt: skip


def all_figures(runs: Sequence[Run], folder: Path) -> list[Path]:
    """Every figure that these runs can fill, as PNG and SVG.

    Args:
        runs: of any experiments.
        folder: to write to.
    """
    return [
        *matching_figures(runs, folder), *learned_figures(runs, folder), *parsing_figures(runs, folder),
        *failure_figures(runs, folder),
    ]  # fmt: skip
