"""The points of a random search."""

from mghp.sweep.study import points_of
from mghp.sweep.sweep_file import read_sweep


def test_seeds_share_no_point_of_a_random_search(sweep_yaml):
    """Nor does one seed draw another's points in another order; the same seed draws the same, however many."""
    file = read_sweep(sweep_yaml(method="random", run_cap=6, parameters={"x": {"min": 0.0, "max": 1.0}}))
    drawn = [[point["x"] for point in points_of(file, None, seed)] for seed in range(4)]
    assert len({x for of_seed in drawn for x in of_seed}) == 4 * 6
    fewer = read_sweep(sweep_yaml(method="random", run_cap=4, parameters={"x": {"min": 0.0, "max": 1.0}}))
    assert [point["x"] for point in points_of(fewer, None, 2)] == drawn[2][:4]
