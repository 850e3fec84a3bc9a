import dataclasses
import math

import numpy as np
import pytest
import torch

import mghp.matching
from mghp.config.matcher import MatcherConfig
from mghp.matching import make_matcher
from mghp.matching.solvers import SOLVERS, SolverConfig

BAD_NUMBERS = {
    "count": [0, -3],
    "amount": [0.0, -0.5, math.inf, math.nan],
}
BAD_VALUES = {
    "pgd_dykstra": {
        "num_steps": BAD_NUMBERS["count"],
        "num_cycles": BAD_NUMBERS["count"],
        "step_size": BAD_NUMBERS["amount"],
        "average": [],
        "warm_start": [],
        "initial": ["ones"],
        "projection": ["as_written"],
        "backward": ["forward"],
        "backend": ["cuda"],
        "gradient_steps": [-1],
    },
    "sinkhorn": {
        "epsilon": BAD_NUMBERS["amount"],
        "rho": BAD_NUMBERS["amount"],
        "num_iterations": BAD_NUMBERS["count"],
        "marginal": ["exactly_one"],
        "bin_score": [math.inf, math.nan],
        "gradient": ["explicit"],
    },
    "projection": {
        "tau": BAD_NUMBERS["amount"],
        "num_cycles": BAD_NUMBERS["count"],
        "gradient": ["explicit"],
        "method": ["simplex"],
    },
    "linear_program": {"solver": ["highs", "GUROBI"]},
    "hungarian": {},
    "greedy": {},
    "identity": {},
    "softmax": {"temperature": BAD_NUMBERS["amount"]},
    "straight_through": {},
    "blackbox": {"strength": BAD_NUMBERS["amount"]},
    "perturbed": {"sigma": BAD_NUMBERS["amount"], "num_samples": BAD_NUMBERS["count"], "seed": [-1]},
}
OPTIONS = [(name, option) for name, options in BAD_VALUES.items() for option in options]

every_name = pytest.mark.parametrize("name", SOLVERS.names)
every_option = pytest.mark.parametrize(("name", "option"), OPTIONS)


@every_name
def test_builds_each_by_its_name(name):
    matcher = make_matcher(name)
    assert type(matcher) is SOLVERS[name].load()
    assert type(matcher.config) is SOLVERS[name].options
    assert isinstance(matcher, torch.nn.Module)
    assert isinstance(matcher.config, SolverConfig)
    assert matcher.differentiable is SOLVERS[name].differentiable
    assert make_matcher(name, **vars(matcher.config)).config == matcher.config


@every_name
def test_defaults_are_those_of_the_config_file(name):
    config = MatcherConfig(name=name)
    matcher = make_matcher(name, **config.options())
    assert matcher.config == getattr(config, name) == make_matcher(name).config


def test_shows_its_options():
    shown = "Projection(tau=2.0, num_cycles=250, gradient='implicit', method='dykstra')"
    assert repr(make_matcher("projection", tau=2.0)) == shown
    assert repr(make_matcher("hungarian")) == "Hungarian()"


@every_name
def test_refuses_an_unknown_option(name):
    with pytest.raises(TypeError, match="steps"):
        make_matcher(name, steps=3)


def test_refuses_an_unknown_name():
    with pytest.raises(ValueError, match="no solver 'pgd'; there are pgd_dykstra, sinkhorn"):
        make_matcher("pgd")


@every_name
def test_every_option_is_tried_below(name):
    assert set(BAD_VALUES[name]) == {field.name for field in dataclasses.fields(make_matcher(name).config)}


@every_option
def test_values_without_meaning_are_refused_by_name(name, option):
    for value in BAD_VALUES[name][option]:
        with pytest.raises(ValueError, match=rf"^{option} must be .*, got {value!r}"):
            make_matcher(name, **{option: value})


@every_option
def test_values_of_another_type_are_refused_by_name(name, option):
    for value in (None, [1], 2.5 if "num" in option else 1j):
        with pytest.raises((TypeError, ValueError), match=rf"^{option} must be .*, got "):
            make_matcher(name, **{option: value})


def test_numbers_of_numpy_are_numbers():
    matcher = make_matcher("pgd_dykstra", num_steps=np.int64(3), step_size=np.float32(0.5))
    assert torch.equal(
        matcher(torch.ones(1, 1)), make_matcher("pgd_dykstra", num_steps=3, step_size=0.5)(torch.ones(1, 1))
    )


def test_numba_and_autograd_exclude_each_other():
    with pytest.raises(ValueError, match=r"^backend must be 'auto' or 'torch' with backward='autograd'"):
        make_matcher("pgd_dykstra", backend="numba", backward="autograd")


def test_newton_has_no_cycles_to_differentiate():
    with pytest.raises(ValueError, match=r"^gradient must be 'implicit' with method='newton'"):
        make_matcher("projection", method="newton", gradient="unrolled")


def test_every_public_name_is_there():
    for name in mghp.matching.__all__:
        assert getattr(mghp.matching, name) is not None
    assert sorted(mghp.matching.__all__) == sorted(mghp.matching._MODULES)
    with pytest.raises(AttributeError, match=r"'mghp\.matching' has no attribute 'Hungarien'"):
        _ = mghp.matching.Hungarien


def test_every_solver_has_words_and_a_colour_of_its_own():
    assert len({solver.label for solver in SOLVERS.entries}) == len(SOLVERS)
    assert len({solver.colour for solver in SOLVERS.entries}) == len(SOLVERS)
