"""Rows that measure one thing for more and more persons, each beside the row before it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mghp.report.table import Column
from mghp.runs.read import Run
from mghp.studies.speed.bench import Measured, measurements


@dataclass(frozen=True)
class PersonRow(Measured):
    """One row of a bench over numbers of persons.

    Attributes:
        first: the first row of its run.
        before: the row before it; itself for the first.
    """

    first: Measured
    before: Measured


def per_person(experiment: str) -> Callable[[Sequence[Run]], Iterator[PersonRow]]:
    """Return the function that finds a bench's rows, each with the one before it."""
    find = measurements(experiment)

    def rows(runs: Sequence[Run]) -> Iterator[PersonRow]:
        for run in runs:
            of_run = list(find([run]))
            for before, row in zip(of_run[:1] + of_run, of_run, strict=False):
                yield PersonRow(run, row.file, row.row, of_run[0], before)

    return rows


def added(name: str, column: str, form: str) -> Column[PersonRow]:
    """Return the column that tells what a further person adds: the slope from the row before; empty for the first."""

    def slope(row: PersonRow) -> float | None:
        persons = row["persons"] - row.before["persons"]
        return (row[column] - row.before[column]) / persons if persons else None

    return Column(name, slope, form)


def of_first_row(name: str, column: str, form: str) -> Column[PersonRow]:
    """Return the column that tells how many times the first row's value this one is."""
    return Column(name, lambda row: row[column] / row.first[column], form)
