"""The progress display of a command."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[int, int, str], None]
"""A callback that is told the count done, the total and what is done now."""

EVERY_SECONDS = 60.0
"""The least time between two lines where there is no terminal."""


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show a progress bar on a terminal, and elsewhere a line a minute at most, both on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    if not console.is_terminal:
        yield ProgressLines(lambda line: print(line, file=sys.stderr, flush=True))
        return
    columns = (
        TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    # Lines for a terminal go above the bar; those for a file or pipe go there.
    with Bar(*columns, console=console, redirect_stdout=sys.stdout.isatty()) as bar:
        task, shown = bar.add_task(""), ""

        def show(done: int, total: int, what: str) -> None:
            nonlocal shown
            if what != shown:  # the time left is told from this phase's pace alone
                bar.reset(task)
                shown = what
            bar.update(task, completed=done, total=total, description=what)

        yield show


class ProgressLines:
    """Progress in a log: "step 217/500, 4 min left", not more often than once a minute.

    Args:
        write: called with each line.
        clock: returns the time, seconds.
    """

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._write = write
        self._clock = clock
        self._last = clock()
        self._what = ""
        self._begun = (0, 0.0)

    def __call__(self, done: int, total: int, what: str) -> None:
        """Write a line if one is due."""
        now = self._clock()
        if what != self._what:
            self._what, self._begun = what, (done, now)
        if now - self._last >= EVERY_SECONDS:
            self._last = now
            self._write(f"{what} {done}/{total}{self._pace(done, total, now)}")

    def _pace(self, done: int, total: int, now: float) -> str:
        first, begun = self._begun
        if done <= first:
            return ""
        each = (now - begun) / (done - first)
        return f", {each:.2g} s each, {in_words(each * (total - done))} left"


def in_words(seconds: float) -> str:
    """Return a time in words that are exact enough to wait by.

    Example:
        >>> from mghp.progress import in_words
        >>> in_words(40), in_words(250), in_words(8000)
        ('40 s', '4 min', '2.2 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
