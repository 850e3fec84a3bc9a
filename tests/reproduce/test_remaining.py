import pytest

from mghp.reproduce.remaining import Remaining


def test_the_time_left_follows_how_fast_this_machine_is():
    remaining = Remaining(dict.fromkeys("bcd", 100.0))
    assert remaining.seconds == pytest.approx(300)
    remaining.finish("b", 320)  # with 120 s of trust: 440 s instead of 220
    assert remaining.seconds == pytest.approx(400)
    assert str(remaining) == "about 7 min left"
    remaining.drop("d")
    assert remaining.seconds == pytest.approx(200)
    remaining.begin()
    before = remaining.seconds
    assert remaining.seconds < before  # a running trial's time passes
