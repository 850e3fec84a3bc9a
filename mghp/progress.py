"""The progress display of a command."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[int, int, str], None]
"""A callback that is told the count done, the total and what is done now."""


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show a progress bar on a terminal, and nothing in a log."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # Lines for a terminal go above the bar; those for a file or pipe go there.
    lines = sys.stdout.isatty()
    with Bar(*columns, console=console, disable=not console.is_terminal, redirect_stdout=lines) as bar:
        task = bar.add_task("")

        def show(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=what)

        yield show
