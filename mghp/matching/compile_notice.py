"""One line on a terminal where loops have to be compiled: that call takes far longer than all that follow."""

import sys

from numba.core.event import Event, Listener, register
from typing_extensions import override


class CompileNotice(Listener):
    """A listener that says once that loops of mghp are being compiled; those found on disk are loaded silently."""

    _has_spoken = False

    @override
    def on_start(self, event: Event) -> None:
        module = event.data["dispatcher"].py_func.__module__
        if not self._has_spoken and module.startswith("mghp.") and sys.stderr.isatty():
            self._has_spoken = True
            print("mghp: compiling the matcher's loops for this CPU; later calls find them on disk", file=sys.stderr)

    @override
    def on_end(self, event: Event) -> None:
        """Keep silent."""


def announce_compiling() -> None:
    """Tell the first compilation of this process on a terminal."""
    register("numba:compile", CompileNotice())  # type: ignore[no-untyped-call]
