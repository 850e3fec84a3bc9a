"""The range of a number stands on its field, `width: Annotated[int, Range(1, 4096)] = 64`, and is checked in one place.

An upper bound is what a machine could meet at most, so that a slip of the keyboard is told at once instead of filling
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
"""Beyond it is infinity alone."""

LONGEST_SIDE = 16_384
"""Of any picture, pixels."""


class RangeError(InputError):
    """A number lies outside its range. The message opens with the bare key; the loader puts the section before it."""


@dataclass(frozen=True)
class Range:
    """The numbers from `least` to `most`, both included; NaN is in no range.

    Attributes:
        least: smallest number.
        most: largest number.
        words: what to say of any other; empty for words made of the bounds.
    """

    least: float
    most: float
    words: str = ""

    def check(self, key: str, value: float) -> None:
        """Refuse what lies outside.

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
        """The range, where the words name one end of it."""
        is_said = self.words or self.most == LARGEST or value > self.most
        return "" if is_said else f" ({self.least} to {self.most})"


POSITIVE = Range(ABOVE_0, LARGEST, "must be positive and finite")
NOT_NEGATIVE = Range(0, LARGEST)
FINITE = Range(-LARGEST, LARGEST, "must be finite")
PROBABILITY = Range(0, 1, "is a probability")
SEED = Range(0, 2**63 - 1, "must be at least 0 and fit 63 bits")


@dataclass
class Section:
    """A part of the schema whose numbers are checked against the ranges on its fields when it is made."""

    def __post_init__(self) -> None:
        check_ranges(self)


def check_ranges(section: Any) -> None:  # noqa: ANN401 (any dataclass)
    """Check every number of a dataclass, those in lists one by one; null is in every range.

    Raises:
        RangeError: a line with the bare key of the first outside its range, the value and the range.
    """
    for key, range_ in ranges_of(section.__class__).items():
        value = getattr(section, key)
        for number in value if isinstance(value, list) else [value]:
            if number is not None:
                range_.check(key, number)


@functools.cache
def ranges_of(section: type[Any]) -> dict[str, Range]:
    """The ranges on a dataclass's fields, by their names."""
    hints = get_type_hints(section, include_extras=True)
    return {key: range_ for key, hint in hints.items() for range_ in _ranges_in(hint)}


def _ranges_in(hint: Any) -> Iterator[Range]:  # noqa: ANN401 (any type)
    """That of `Annotated[int, Range]`, also within `list[...]` and `... | None`."""
    for part in get_args(hint):
        if isinstance(part, Range):
            yield part
        else:
            yield from _ranges_in(part)
