"""The time that a plan may yet take."""

import time
from collections.abc import Hashable, Mapping

_TRUSTED = 120.0
"""Seconds for which the expectation counts before anything has run."""


class Remaining:
    """The time that is expected of the runs that are left, times how this machine compares so far.

    Args:
        expected: seconds by run; runs that are finished already are left out.
    """

    def __init__(self, expected: Mapping[Hashable, float]) -> None:
        self._left = dict(expected)
        # As if that much had taken what was expected: the first runs pay for imports and compilation.
        self._expected = self._taken = _TRUSTED
        self._began: float | None = None

    def begin(self) -> None:
        """Count the time from now on as that of a run."""
        self._began = time.perf_counter()

    def finish(self, run: Hashable, seconds: float) -> None:
        """Take off a run that took so many seconds."""
        self._began = None
        self._expected += self._left.pop(run, 0.0)
        self._taken += seconds

    def drop(self, run: Hashable) -> None:
        """Take off a run that needs not be made."""
        self._left.pop(run, None)

    @property
    def seconds(self) -> float:
        """The seconds that are left on this machine."""
        running = 0.0 if self._began is None else time.perf_counter() - self._began
        return max(sum(self._left.values()) * self._taken / self._expected - running, 0.0)

    def __str__(self) -> str:
        return f"about {max(1, round(self.seconds / 60))} min left"
