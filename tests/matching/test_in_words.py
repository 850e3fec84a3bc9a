import dataclasses
from typing import Annotated

import pytest

from mghp.matching.in_words import colour_of, in_words
from mghp.matching.solvers import SOLVERS, Solver, SolverConfig, Words
from mghp.registry import GREY


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("pgd_dykstra", {}, "PGD-Dykstra, the paper's settings"),
        ("pgd_dykstra", {"step_size": 1.0, "average": False}, "PGD-Dykstra, alpha = 1, last iterate"),
        ("pgd_dykstra", {"num_steps": 200, "num_cycles": 20}, "PGD-Dykstra, T = 200, N = 20"),
        ("pgd_dykstra", {"gradient_steps": 1}, "PGD-Dykstra, gradient of the last step"),
        ("pgd_dykstra", {"gradient_steps": 5}, "PGD-Dykstra, gradient of the last 5"),
        ("pgd_dykstra", {"projection": "as_printed"}, "PGD-Dykstra, projection as printed"),
        ("projection", {}, "one projection of 0.5 A"),
        ("projection", {"tau": 50.0, "num_cycles": 100}, "one projection of 50 A, 100 cycles"),
        ("sinkhorn", {}, "unbalanced Sinkhorn, at most one"),
        ("sinkhorn", {"marginal": "kl", "epsilon": 0.5}, "unbalanced Sinkhorn, epsilon = 0.5, KL"),
        ("hungarian", {}, "Hungarian"),
        ("softmax", {"temperature": 2.0}, "soft-max over rows and columns, temperature = 2"),
    ],
)
def test_a_solver_is_its_label_and_what_is_other_than_its_defaults(name, settings, words):
    assert in_words(name, settings) == words
    defaults = {field.name: field.default for field in dataclasses.fields(SOLVERS[name].options)}
    assert in_words(name, {**defaults, **settings, "of_another_version": 3}) == words


def test_options_without_words_of_their_own_go_by_their_names(monkeypatch):
    @dataclasses.dataclass
    class Options(SolverConfig):
        is_sharp: bool = True
        num_rounds: int = 3
        way: str = "up"
        hidden: Annotated[int, Words("")] = 0

    monkeypatch.setitem(SOLVERS._added, "mine", Solver("mine", "x:y", "my solver", options=Options))
    told = in_words("mine", {"is_sharp": False, "num_rounds": 4, "way": "up_down", "hidden": 7})
    assert told == "my solver, no is sharp, num rounds = 4, way = up down"
    assert in_words("mine") == "my solver"


def test_a_solver_that_is_not_installed_goes_by_its_name():
    assert in_words("of_another_package", {"strength": 2}) == "of another package"


def test_words_of_a_solver_have_its_colour():
    for name in SOLVERS:
        assert colour_of(in_words(name)) == SOLVERS[name].colour
    assert colour_of("PGD-Dykstra, numba") == SOLVERS["pgd_dykstra"].colour
    assert colour_of("of another package") == GREY
