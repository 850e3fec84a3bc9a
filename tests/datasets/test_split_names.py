import pytest

from mghp.datasets.split_names import members
from mghp.errors import InputError

LISTS = {"a": [1, 2, 3, 4, 5], "b": [6]}


@pytest.mark.parametrize(
    ("splits", "expected"),
    [
        ("a", [1, 2, 3, 4, 5]), ("a+b", [1, 2, 3, 4, 5, 6]), ("a[:40%]", [1, 2]), ("b+a[40%:]", [6, 3, 4, 5]),
        ("a[:]", [1, 2, 3, 4, 5]), ("a[20%:60%]", [2, 3]), ("a+b+!a[:80%]", [5, 6]), ("!b+a+b", [1, 2, 3, 4, 5]),
    ],
)  # fmt: skip
def test_splits_are_joined_and_shared(splits, expected):
    assert members(splits, LISTS.__getitem__) == expected


@pytest.mark.parametrize("share", ["a[60%:40%]", "a[:101%]", "a[40%:40%]"])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(InputError, match=r"^data\.splits: a\[.*: expected a share as in"):
        members(share, LISTS.__getitem__)
