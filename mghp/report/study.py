"""What a study declares: its questions, and of each the answer, tables, figures and galleries."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mghp.pictures.style import Drawings
from mghp.report.table import TableOf
from mghp.runs.read import Run

Runs = Sequence[Run]

MOST_WORDS = 30
"""An answer has at most so many."""


@dataclass(frozen=True)
class Question:
    """One question, and what answers it.

    Attributes:
        text: the question.
        answer: returns the answer computed from the runs, in at most `MOST_WORDS` words; "" where they hold none.
        tables: that stand below the answer, in order.
        figures: what each shows, by the beginning of its file name; what follows it there, the data, ends the caption.
        galleries: folders of pages, by the beginning of their names.
    """

    text: str
    answer: Callable[[Runs], str] = lambda runs: ""
    tables: tuple[TableOf[Any], ...] = ()
    figures: Mapping[str, str] = field(default_factory=dict)
    galleries: tuple[str, ...] = ()


@dataclass(frozen=True)
class Study:
    """One section of the report.

    Attributes:
        questions: in order.
        drawings: returns every figure that these runs can fill.
    """

    questions: tuple[Question, ...]
    drawings: Callable[[Runs], Drawings] = lambda runs: {}

    @property
    def tables(self) -> tuple[TableOf[Any], ...]:
        """The tables of all its questions, in order."""
        return tuple(table for question in self.questions for table in question.tables)
