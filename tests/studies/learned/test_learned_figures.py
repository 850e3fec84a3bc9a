from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from planted_limbs import BASELINE, POSITIVE_CONTROL, PlantedRun, planted

from mghp.matching.solvers import SOLVERS
from mghp.pictures.style import STYLE, save_drawings
from mghp.studies.learned.figures import (
    compared_variants,
    difference_figure,
    learned_drawings,
    loss_figure,
    shown_examples,
)
from mghp.studies.learned.variants import trained


def test_figures_are_drawn_of_what_is_there(every_variant, tmp_path):
    drawings = learned_drawings([every_variant[name] for name in ("binary_cross_entropy", "fenchel_young")])
    assert len(drawings.keys() & {"learned_matching", "learned_conditions"}) == 1
    assert {"learned_example", "learned_losses"} < drawings.keys()
    assert all(file.stat().st_size > 2000 for file in save_drawings(drawings, tmp_path))
    assert learned_drawings([every_variant["line_integral"]]) == {}


def test_examples_are_of_the_condition_with_most_runs_and_of_two_equal_ones_of_real_poses():
    def conditions(*runs):
        return {variant.condition for variant, _ in shown_examples(trained(runs))}

    made_up = planted("softmax", 0.9, 0.7)
    real = planted("softmax", 0.9, 0.7, source="mhp_poses")
    assert conditions(*made_up, *real) == {"real poses"}
    assert conditions(*made_up, *real[1:]) == {"planted poses"}
    assert conditions(*real[1:], *planted("softmax", 0.9, 0.7, learned=POSITIVE_CONTROL)) == {"real poses"}


def test_examples_are_of_the_lowest_seed_that_any_variant_has():
    runs = [*planted("softmax", 0.9, 0.7)[2:], *planted("fenchel_young", 0.9, 0.7)[1:3]]
    assert [(variant.name, run.seed) for variant, run in shown_examples(trained(runs))] == [("fenchel_young", 1)]


def test_variations_and_the_control_have_figures_of_their_own():
    both = ("binary_cross_entropy", "fenchel_young")
    runs = [run for name in both for run in planted(name, 0.9, 0.7)]
    runs += [run for name in both for run in planted(name, 0.8, 0.7, learned={"nuisance": 1.0})]
    runs += [run for name in both for run in planted(name, 0.7, 0.7, learned=POSITIVE_CONTROL)]
    figures = compared_variants(trained(runs))
    assert {name: [variant.condition for variant in chosen] for name, chosen in figures.items()} == {
        "control": ["positive control, 6x6"],
        "matching": ["planted poses"],
        "conditions": ["planted poses, candidate offsets 1"],
    }
    assert "planted poses" in texts(difference_figure(figures["matching"]).axes[0])


def texts(axis):
    return [text.get_text() for text in axis.texts]


def test_a_condition_wider_than_the_names_of_its_variants_is_inside_the_figure():
    runs = [run for name in ("binary_cross_entropy", "pgd_dykstra") for run in planted(name, 0.9, 0.7)]
    with plt.rc_context(STYLE):
        figure = difference_figure([variant for variant in trained(runs) if variant.is_compared])
    figure.canvas.draw()
    assert figure.get_tightbbox().x0 >= 0
    plt.close(figure)


@dataclass(frozen=True)
class LoggedRun(PlantedRun):
    """A run whose loss falls, or is no number where nothing is right."""

    @property
    def steps(self):
        losses = [2.0, 1.0, 0.5] if self.right else [2.0, np.nan, np.nan]
        return pd.DataFrame({"step": [1, 20, 40], "train/loss": losses})


def test_losses_show_and_count_the_seeds_that_died():
    runs = [*BASELINE, *planted("softmax", 0.8, 0.7, 5, LoggedRun), LoggedRun("softmax", 5, 0.0, 0.0)]
    (variant,) = (variant for variant in trained(runs) if variant.name == "softmax")
    figure = loss_figure([variant])
    axis = figure.axes[0]
    assert "(1 of 6 died)" in axis.get_title().replace("\n", " ")
    (cross,) = (line for line in axis.lines if line.get_marker() == "x")
    assert cross.get_xdata().tolist() == [40]
    assert np.isfinite(cross.get_ydata()).all()
    curves = [line for line in axis.lines if line is not cross]
    assert [line.get_color() for line in curves] == [SOLVERS["softmax"].colour] * 5 + ["black"]
    assert all(np.isfinite(line.get_ydata()).all() for line in curves)
    plt.close(figure)


@pytest.mark.parametrize("name", ["softmax", "fenchel_young"])
def test_a_variant_has_the_colour_of_its_solver_in_every_figure(name):
    (variant,) = (found for found in trained([*BASELINE, *planted(name, 0.8, 0.7)]) if found.name == name)
    solver = {"fenchel_young": "projection"}.get(name, name)
    figure = difference_figure([variant])
    assert {line.get_color() for line in figure.axes[0].lines[1:]} == {SOLVERS[solver].colour}
    plt.close(figure)
