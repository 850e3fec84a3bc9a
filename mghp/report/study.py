"""What a study declares: its questions, each with its answer, tables, figures and galleries."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mghp.pictures.style import Drawings
from mghp.report.table import TableOf
from mghp.runs.read import Run

Runs = Sequence[Run]

MOST_WORDS = 30
"""The largest number of words in an answer."""


def span(numbers: Iterable[float], form: str = "") -> str:
    """Return the smallest and the largest number in words, e.g. "3 to 5"; one of them where they look alike."""
    ends = sorted(numbers)
    return " to ".join(dict.fromkeys(format(end, form) for end in (ends[0], ends[-1])))


@dataclass(frozen=True)
class Question:
    """A question with what answers it.

    Attributes:
        text: the question.
        answer: returns the answer computed from the runs, in at most `MOST_WORDS` words; "" where they hold none.
        tables: tables below the answer, in order.
        figures: caption of each figure by the beginning of its file's name; the rest of the name ends the caption.
        galleries: beginnings of the names of folders of pages.
    """

    text: str
    answer: Callable[[Runs], str] = lambda runs: ""
    tables: tuple[TableOf[Any], ...] = ()
    figures: Mapping[str, str] = field(default_factory=dict)
    galleries: tuple[str, ...] = ()


@dataclass(frozen=True)
class Study:
    """The content of one section of the report.

    Attributes:
        questions: questions in order.
        drawings: returns every figure that these runs can fill.
        experiments: names of those that it alone tells of; the tables of single trainings leave them out.
    """

    questions: tuple[Question, ...]
    drawings: Callable[[Runs], Drawings] = lambda runs: {}
    experiments: tuple[str, ...] = ()

    @property
    def tables(self) -> tuple[TableOf[Any], ...]:
        """The tables of all its questions, in order."""
        return tuple(table for question in self.questions for table in question.tables)
