"""Splits by name: several joined by "+", and shares of them in the order of their lists, `train[:80%]+val`."""

import re
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from mghp.errors import InputError

T = TypeVar("T", bound=Hashable)

_SHARE = re.compile(r"(?P<split>[^\[\]]+)\[(?P<first>\d{1,3}(?=%))?%?:(?P<last>\d{1,3}(?=%))?%?\]")
"""A split's name with a share of its list, in percent."""


def members(splits: str, listed: Callable[[str], Sequence[T]]) -> list[T]:
    """Return the members of splits, in order; shares that meet share no member.

    Args:
        splits: names joined by "+", each with a share in percent if wished; what one after "!" lists is left out.
        listed: returns all members of one split by its name.

    Raises:
        InputError: if a share is none.
    """
    names = splits.split("+")
    left_out = {member for name in names if name.startswith("!") for member in _share(name[1:], listed)}
    kept = [member for name in names if not name.startswith("!") for member in _share(name, listed)]
    return [member for member in kept if member not in left_out]


def _share(split: str, listed: Callable[[str], Sequence[T]]) -> Sequence[T]:
    given = _SHARE.fullmatch(split)
    if given is None:
        return listed(split)
    first, last = int(given["first"] or 0), int(given["last"] or 100)
    if not first < last <= 100:
        raise InputError(f"data.splits: {split}: expected a share as in [:80%] or [80%:100%]")
    whole = listed(given["split"])
    return whole[len(whole) * first // 100 : len(whole) * last // 100]
