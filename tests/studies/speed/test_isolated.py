import os
import time

from mghp.studies.speed.isolated import Failure, isolated


def worked(item):
    """What a peer may do, by the item's name; `pid` tells the processes apart."""
    if item == "hangs":
        time.sleep(600)
    if item == "dies":
        os._exit(9)
    if item == "raises":
        raise ValueError("no\nsolution")
    return os.getpid()


def test_what_fails_in_one_way_or_another_ends_no_more_than_itself():
    items = ["works", "raises", "works", "hangs", "works", "dies"]
    first, raised, second, hung, third, died = isolated(worked, items, seconds=2)
    assert raised == Failure("ValueError: no solution")
    assert hung == Failure("took over 2 s", has_ended=True)
    assert died == Failure("its process ended, as it does where memory runs out", has_ended=True)
    assert first == second != third
    assert os.getpid() not in (first, third)
