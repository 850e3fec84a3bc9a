"""The display of a running sweep: one live table on a terminal, a line per event in a log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from mghp.sweep.supervisor import Event
from mghp.sweep.sweep_file import SweepFile

_SHOWN = 12
"""Finished trials in the live table, the latest ones."""

_COLOURS = {"running": "cyan", "failed": "red", "stopped": "yellow", "done": "green", "adopted": "blue"}


class Progress:
    """The trials so far, as they are shown.

    Args:
        sweep: what is run.
        total: trials in all; None where nobody knows.
    """

    def __init__(self, sweep: SweepFile, total: int | None) -> None:
        self._sweep = sweep
        self._total = total
        self._began: dict[int, float] = {}
        self._seconds: dict[int, float] = {}
        self._events: dict[int, Event] = {}

    def note(self, event: Event) -> None:
        """Record an event."""
        if event.state == "running":
            self._began[event.index] = monotonic()
        else:
            self._seconds[event.index] = monotonic() - self._began.get(event.index, monotonic())
        self._events.pop(event.index, None)  # the latest stand last
        self._events[event.index] = event

    def line(self, event: Event) -> str:
        """Return the line of a log for an event."""
        number = "" if event.metric is None else f" {self._sweep.metric}={event.metric:.6g}"
        best = self._best()
        so_far = f" (best {best:.6g})" if best is not None and event.metric is not None else ""
        note = f": {event.note}" if event.note else ""
        ended = sum(e.state not in ("running", "queued again") for e in self._events.values())
        of = f"/{self._total}" if self._total is not None else ""
        head = f"[{ended}{of}] trial {event.index} {event.state}"
        settings = " ".join(f"{name}={value}" for name, value in self._varied(event).items())
        return f"{head}{number}{so_far}  {settings}{note}"

    def table(self) -> Table:
        """Return a table of the running trials and the latest of the others."""
        counts: dict[str, int] = {}
        for event in self._events.values():
            counts[event.state] = counts.get(event.state, 0) + 1
        of = f" of {self._total}" if self._total is not None else ""
        tally = ", ".join(f"{number} {state}" for state, number in sorted(counts.items()))
        best = self._best()
        table = Table(
            title=escape(f"{self._sweep.name}: {len(self._events)}{of} trials ({tally})"),
            caption=None if best is None else escape(f"best {self._sweep.metric} {best:.6g}"),
        )
        names = [parameter.name for parameter in self._sweep.varied]
        for name in ("trial", *names, self._sweep.metric, "state", "seconds"):
            table.add_column(escape(name), overflow="fold")  # a name may look like markup
        running = [event for event in self._events.values() if event.state == "running"]
        others = [event for event in self._events.values() if event.state != "running"]
        for event in [*others[-_SHOWN:], *running]:
            varied = self._varied(event)
            seconds = self._seconds.get(event.index)
            if event.state == "running":
                seconds = monotonic() - self._began[event.index]
            table.add_row(
                str(event.index),
                *(escape(str(varied.get(name, ""))) for name in names),
                "" if event.metric is None else f"{event.metric:.6g}",
                f"[{_COLOURS.get(event.state, 'white')}]{event.state}",
                "" if seconds is None else f"{seconds:.0f}",
            )
        return table

    def _best(self) -> float | None:
        values = [event.metric for event in self._events.values() if event.metric is not None]
        if not values:
            return None
        return min(values) if self._sweep.goal == "minimize" else max(values)

    def _varied(self, event: Event) -> dict[str, object]:
        """Return the values of the parameters that vary, by their full names."""
        varied: dict[str, object] = {}
        for parameter in self._sweep.varied:
            level: object = event.values
            for name in parameter.path:
                level = level.get(name) if isinstance(level, dict) else None
            varied[parameter.name] = level
        return varied


@contextmanager
def shown(sweep: SweepFile, total: int | None) -> Iterator[Callable[[Event], None]]:
    """Show every event that the function is called with."""
    progress = Progress(sweep, total)
    console = Console(stderr=True)
    if not console.is_terminal:

        def write(event: Event) -> None:
            progress.note(event)
            print(progress.line(event), flush=True)

        yield write
        return
    with Live(get_renderable=progress.table, console=console, refresh_per_second=2):

        def note(event: Event) -> None:
            progress.note(event)
            if event.state == "failed":
                console.print(f"trial {event.index} failed: {event.note}", markup=False)

        yield note
