"""Ranges of numbers, declared on their fields, `width: Annotated[int, Range(1, 4096)] = 64`, and checked in one place.

An upper bound is the most that a machine could meet, so that a slip of the keyboard is told at once instead of filling
the memory or starting a hundred thousand processes.
"""

import functools
import math
import reprlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args, get_type_hints

from mghp.errors import InputError

ABOVE_0 = math.nextafter(0.0, 1.0)
BELOW_1 = math.nextafter(1.0, 0.0)
LARGEST = sys.float_info.max
"""The largest finite float."""

LONGEST_SIDE = 16_384
"""The longest side of any picture, pixels."""


class RangeError(InputError):
    """A number outside its range; the message opens with the bare key, before which the loader puts the section."""


@dataclass(frozen=True)
class Range:
    """The numbers from `least` to `most`, both included; NaN is in no range.

    Attributes:
        least: smallest number.
        most: largest number.
        words: the complaint about any other number; empty: made of the bounds.

    Example:
        >>> from mghp.ranges import Range
        >>> Range(1, 64).check("width", 0)
        Traceback (most recent call last):
        mghp.ranges.RangeError: width must be at least 1, got 0 (1 to 64)
    """

    least: float
    most: float
    words: str = ""

    def check(self, key: str, value: float) -> None:
        """Refuse a number outside the range.

        Raises:
            RangeError: a line with the key, the value and the range.
        """
        if not self.least <= value <= self.most:
            words = self.words or self._words(value)
            raise RangeError(f"{key} {words}, got {reprlib.repr(value)}{self._bounds(value)}")

    def _words(self, value: float) -> str:
        if isinstance(value, float) and not math.isfinite(value):
            return "must be finite"
        if value > self.most:
            return f"must be {self.least} to {self.most}"
        return "must not be negative" if self.least == 0 else f"must be at least {self.least}"

    def _bounds(self, value: float) -> str:
        """Return the range in brackets where the words name only one end of it."""
        is_said = self.words or self.most == LARGEST or value > self.most
        return "" if is_said else f" ({self.least} to {self.most})"


POSITIVE = Range(ABOVE_0, LARGEST, "must be positive and finite")
NOT_NEGATIVE = Range(0, LARGEST)
FINITE = Range(-LARGEST, LARGEST, "must be finite")
PROBABILITY = Range(0, 1, "is a probability")
SEED = Range(0, 2**63 - 1, "must be at least 0 and fit 63 bits")


@dataclass
class Section:
    """A section of the schema; its numbers are checked against the ranges on its fields when it is made."""

    def __post_init__(self) -> None:
        check_ranges(self)


def check_ranges(section: Any) -> None:  # noqa: ANN401 (any dataclass)
    """Check every number of a dataclass, also those in lists; None is in every range.

    Raises:
        RangeError: naming the first key outside its range.
    """
    for key, range_ in ranges_of(section.__class__).items():
        value = getattr(section, key)
        for number in value if isinstance(value, list) else [value]:
            if number is not None:
                range_.check(key, number)


@functools.cache
def ranges_of(section: type[Any]) -> dict[str, Range]:
    """Return the ranges on a dataclass's fields by name."""
    hints = get_type_hints(section, include_extras=True)
    return {key: range_ for key, hint in hints.items() for range_ in _ranges_in(hint)}


def _ranges_in(hint: Any) -> Iterator[Range]:  # noqa: ANN401 (any type)
    """Yield the range of `Annotated[int, Range]`, also within `list[...]` and `... | None`."""
    for argument in get_args(hint):
        if isinstance(argument, Range):
            yield argument
        else:
            yield from _ranges_in(argument)
