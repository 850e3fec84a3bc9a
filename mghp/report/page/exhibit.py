"""What stands together on the page: a question, tables and figures that answer it, and the answer in sentences."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from mghp.runs.read import Run

Readings = Callable[[Sequence[Run]], list[str]]
"""Sentences computed from the runs' numbers; none where they cannot be."""


@dataclass(frozen=True)
class Exhibit:
    """One question.

    Attributes:
        question: its heading.
        readings: the answer.
        tables: by name.
        figures: what each shows, by the beginning of its file name; what follows it there, the data, ends the caption.
        galleries: folders of pages, by the beginning of their names.
    """

    question: str
    readings: Readings
    tables: tuple[str, ...] = ()
    figures: Mapping[str, str] = field(default_factory=dict)
    galleries: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """Exhibits of one part of the suite."""

    title: str
    exhibits: tuple[Exhibit, ...]
