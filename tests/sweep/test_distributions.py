"""Values are those of W&B's own sampler and grid: what is expected here was compared with its `sweeps` package."""

import math

import numpy as np
import pytest
import scipy.stats
from optuna.distributions import FloatDistribution, IntDistribution

from mghp.sweep.distributions import PERCENTILE
from mghp.sweep.parameters import grid, read_parameters, trial_values
from mghp.sweep.study import _random_point
from mghp.sweep.sweep_file import read_sweep

PERCENTILES = (0.001, 0.1, 0.3, 0.43, 0.6, 0.77, 0.9, 0.9999)


def parameter_of(form):
    (parameter,) = read_parameters({"x": form})
    return parameter


def at(form, percentile):
    """The value at a percentile of what is drawn."""
    parameter, low, high = (
        parameter_of(form),
        *(getattr(parameter_of(form).distribution, end) for end in ("low", "high")),
    )
    if parameter.distribution == PERCENTILE:
        return parameter.value(percentile)
    if parameter.distribution.log:
        return parameter.value(math.exp(math.log(low) + percentile * (math.log(high) - math.log(low))))
    return parameter.value(low + percentile * (high - low))


def draws(form, number=300):
    sweep = type("Sweep", (), {"parameters": read_parameters({"x": form})})
    points = [_random_point(sweep, 0, index) for index in range(number)]
    return [trial_values(sweep.parameters, point)["x"] for point in points]


def grid_of(form):
    parameters = read_parameters({"x": form})
    return [trial_values(parameters, point)["x"] for point in grid(parameters)]


UNIFORM = scipy.stats.uniform
PLAIN = {
    "uniform": ({"min": 1, "max": 5}, UNIFORM(1, 4).ppf),
    "log_uniform": ({"min": -3, "max": 2}, lambda u: np.exp(UNIFORM(-3, 5).ppf(u))),
    "log_uniform_values": ({"min": 0.5, "max": 500}, scipy.stats.loguniform(0.5, 500).ppf),
    "inv_log_uniform": ({"min": -3, "max": 1.5}, lambda u: np.exp(-UNIFORM(-3, 4.5).ppf(1 - u))),
    "inv_log_uniform_values": ({"min": 0.01, "max": 7}, scipy.stats.loguniform(0.01, 7).ppf),
    "normal": ({"mu": 3, "sigma": 1.5}, scipy.stats.norm(3, 1.5).ppf),
    "log_normal": ({"mu": -2, "sigma": 0.5}, scipy.stats.lognorm(0.5, scale=math.exp(-2)).ppf),
    "beta": ({"a": 0.5, "b": 3}, scipy.stats.beta(0.5, 3).ppf),
}


@pytest.mark.parametrize("percentile", PERCENTILES)
@pytest.mark.parametrize("kind", PLAIN)
def test_a_distribution_has_its_percentiles(kind, percentile):
    form, expected = PLAIN[kind]
    assert at({"distribution": kind, **form}, percentile) == pytest.approx(expected(percentile), rel=1e-9)


@pytest.mark.parametrize("percentile", PERCENTILES)
@pytest.mark.parametrize("q", [1, 2, 10, 0.1, 0.25])
@pytest.mark.parametrize("kind", [kind for kind in PLAIN if not kind.startswith("inv_")])
def test_a_quantised_one_has_the_nearest_multiples(kind, q, percentile):
    form, plain = PLAIN[kind]
    value = at({"distribution": f"q_{kind}", "q": q, **form}, percentile)
    assert value == np.round(plain(percentile) / q) * q
    assert type(value) is type(q)


@pytest.mark.parametrize("q", [{}, {"q": 2.0}])
def test_whole_numbers_stay_whole_without_q_and_with_a_whole_one(q):
    assert all(type(value) is int for value in draws({"distribution": "q_uniform", "min": 1.0, "max": 9.5, **q}))


@pytest.mark.parametrize(
    ("kind", "alike"),
    [("normal", {"mu": 0, "sigma": 1}), ("log_normal", {"mu": 0, "sigma": 1}), ("beta", {"a": 1, "b": 1})],
)
def test_a_shape_has_w_and_bs_defaults(kind, alike):
    for percentile in PERCENTILES:
        assert at({"distribution": kind}, percentile) == at({"distribution": kind, **alike}, percentile)


@pytest.mark.parametrize(
    ("form", "values"),
    [
        ({"min": 10, "max": 30, "q": 10}, [10, 20]),
        ({"min": 1, "max": 10, "q": 2}, [1, 3, 5, 7, 9]),  # a grid counts from min, though draws are multiples
        ({"min": 1, "max": 4}, [1, 2, 3]),
        ({"min": 0.0, "max": 1.0, "q": 0.25}, [0.0, 0.25, 0.5, 0.75]),
        ({"min": 0.05, "max": 0.5, "q": 0.1}, np.arange(0.05, 0.5, 0.1).tolist()),
        ({"min": 0, "max": 0.9, "q": 0.3}, np.arange(0, 0.9, 0.3).tolist()),
        ({"min": 2, "max": 3, "q": 5}, [2]),
    ],
)
def test_a_grid_steps_from_min_and_leaves_max_out(form, values):
    found = grid_of({"distribution": "q_uniform", **form})
    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("form", "values"),
    [
        ({"min": 1, "max": 10, "q": 2}, [2, 4, 6, 8, 10]),
        ({"min": 10, "max": 30, "q": 10}, [10, 20, 30]),
        ({"min": 0.05, "max": 0.5, "q": 0.1}, [k * 0.1 for k in range(1, 6)]),
        ({"min": 0.0, "max": 0.5, "q": 0.25}, [0.0, 0.25, 0.5]),
    ],
)
def test_draws_are_all_the_multiples_that_round_from_the_range(form, values):
    assert sorted(set(draws({"distribution": "q_uniform", **form}))) == values


def test_the_multiples_at_the_ends_are_drawn_half_as_often():
    found = draws({"distribution": "q_uniform", "min": 0, "max": 4, "q": 1}, 2000)
    shares = [found.count(value) / len(found) for value in range(5)]
    assert shares == pytest.approx([0.125, 0.25, 0.25, 0.25, 0.125], abs=0.03)


def test_values_are_drawn_by_their_probabilities():
    form = {"values": ["a", "never", "b", "c"], "probabilities": [0.2, 0, 0.5, 0.3]}
    assert [at(form, u) for u in (0.001, 0.19, 0.21, 0.69, 0.71, 1 - 2.0**-53)] == ["a", "a", "b", "b", "c", "c"]
    found = draws(form, 1000)
    assert {value: found.count(value) / 1000 for value in "abc"} == pytest.approx(
        {"a": 0.2, "b": 0.5, "c": 0.3}, abs=0.05
    )
    assert "never" not in found


@pytest.mark.parametrize(
    ("bounds", "distribution"),
    [((1, 5), IntDistribution(1, 5)), ((1, 5.0), FloatDistribution(1, 5)), ((1.0, 5), FloatDistribution(1, 5))],
)
def test_bounds_alone_are_of_whole_numbers_where_both_are_whole(bounds, distribution):
    assert parameter_of(dict(zip(("min", "max"), bounds, strict=True))).distribution == distribution


@pytest.mark.parametrize("method", ["random", "bayes"])
def test_whatever_is_drawn_runs(sweep, sweep_yaml, method):
    forms = {
        "q": {"distribution": "q_uniform", "min": 10, "max": 30, "q": 10}, "n": {"distribution": "q_normal", "q": 2},
        "p": {"values": [1, 2], "probabilities": [0.1, 0.9]}, "b": {"distribution": "beta", "a": 2},
        "l": {"distribution": "q_log_uniform_values", "min": 1, "max": 1000, "q": 5},
    }  # fmt: skip
    file = sweep_yaml(method=method, run_cap=3, parameters=forms)
    process = sweep(file)
    assert process.returncode == 0, process.stdout + process.stderr
    assert "of all 3, 3 have a result" in process.stdout
    assert read_sweep(file).method == method


def test_a_grid_of_whole_steps_runs_with_whole_numbers(sweep, sweep_yaml, tmp_path):
    process = sweep(sweep_yaml(parameters={"x": {"distribution": "q_uniform", "min": 10, "max": 30, "q": 10}}))
    assert process.returncode == 0, process.stdout + process.stderr
    table = next((tmp_path / "runs").rglob("trials.csv")).read_text().splitlines()
    assert sorted(row.split(",")[table[0].split(",").index("x")] for row in table[1:]) == ["10", "20"]
