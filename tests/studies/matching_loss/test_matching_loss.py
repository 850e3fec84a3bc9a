"""Ways to train the matching, of made-up trainings: two starts a fold on photographs, three seeds on the control."""

import pandas as pd
import pytest

from mghp.errors import InputError
from mghp.report.study import MOST_WORDS
from mghp.studies.matching_loss import study
from mghp.studies.matching_loss.arms import (
    BRANCHES,
    CONTROL,
    F1,
    OWNERS,
    PHOTOGRAPHS,
    RENDERED,
    THROUGH,
    WEIGHTS,
    arms,
    pairs,
)
from mghp.studies.photographs.rows import photographs


def test_each_way_has_a_row_in_the_order_of_its_file(on_photographs):
    rows = study.ARMS.filled(on_photographs).rows
    assert [row["trained by"] for row in rows] == [
        "no matching loss", "cross-entropy of the affinities, no matcher",
        "cross-entropy through PGD-Dykstra, the paper's settings", "Fenchel-Young loss on the exact projection",
        "structured hinge", "the paper's loss on shuffled truth",
    ]  # fmt: skip
    assert {(row["starts"], row["trainings"]) for row in rows} == {(4, 4)}
    assert rows[3][OWNERS.label].mean == pytest.approx(0.6515)


def test_ways_through_the_matcher_are_compared_with_both_that_have_none(on_photographs):
    rows = study.DIFFERENCES.filled(on_photographs).rows
    found = {
        (pair.ours.name, pair.baseline.name): row
        for pair, row in zip(pairs(arms(on_photographs, PHOTOGRAPHS)), rows, strict=True)
    }
    assert list(found) == [
        ("paper", "none"), ("fenchel_young", "none"), ("hinge", "none"), ("paper", "affinities"),
        ("fenchel_young", "affinities"), ("hinge", "affinities"), ("affinities", "none"), ("shuffled", "none"),
    ]  # fmt: skip
    owners = {names: (row[OWNERS.label].difference.mean, row[OWNERS.label].verdict) for names, row in found.items()}
    assert owners["paper", "none"] == (pytest.approx(-0.1), "worse")
    assert owners["fenchel_young", "affinities"] == (pytest.approx(0.04), "better")
    assert owners["shuffled", "none"] == (pytest.approx(0), "no effect")
    assert found["fenchel_young", "none"][F1.label].difference.mean == pytest.approx(0.025)


def test_a_second_seed_without_a_loss_is_compared_with_the_first(plant_arm, starts, on_photographs):
    again = [plant_arm(PHOTOGRAPHS, "none", 0.603 + 0.001 * place, 0.7, start, 1) for place, start in enumerate(starts)]
    *_, row = study.DIFFERENCES.filled([*on_photographs, *again]).rows
    assert (row["trained by"], row["over"], row["pairs"]) == ("no matching loss, another seed", "no matching loss", 4)
    assert row[OWNERS.label].difference.mean == pytest.approx(0.003)
    assert row[OWNERS.label].verdict == "better"  # made up: all four by the same
    assert row[OWNERS.label].is_small


def test_further_seeds_without_a_loss_are_compared_by_twos(plant_arm, starts, on_photographs):
    """Seed 1 is compared with 0 and 3 with 2; seed 4 has no partner."""
    owners = {1: 0.603, 2: 0.7, 3: 0.701, 4: 0.1}
    further = [plant_arm(PHOTOGRAPHS, "none", owners[seed], 0.7, starts[0], seed) for seed in owners]
    *_, pair = pairs(arms([*on_photographs, *further], PHOTOGRAPHS))
    seeds = [(pair.ours.runs[place].seed, pair.baseline.runs[place].seed) for place in pair.places]
    assert sorted(seeds) == [(1, 0), (3, 2)]
    assert pair.compared(OWNERS).difference.mean == pytest.approx(0.002)


def test_the_control_is_won_by_five_points_over_both(control):
    runs = control(0.06)
    found = study.outcome(runs)
    assert (found.best.name, found.verdict) == ("fenchel_young", "Yes")
    told = study.answer_on_control(runs)
    assert told.startswith("Yes: F1 of limb pairs by Fenchel-Young over no matching loss: +16.0 [")
    assert told.endswith("over affinities alone: +6.0 [+6.0, +6.0] (3 seeds).")
    assert study.answer_on_control(runs[:3]) == ""


def test_a_gain_below_five_points_does_not_win(control):
    runs = control(0.04)
    assert study.outcome(runs).over_affinities.verdict == "better"
    assert study.outcome(runs).verdict == "No"
    assert len(study.CONTROL_ARMS.filled(runs).rows) == 4
    assert [row["pairs"] for row in study.CONTROL_DIFFERENCES.filled(runs).rows] == [3, 3, 3, 3, 3]


def test_one_seed_of_the_control_decides_nothing(control):
    runs = [run for run in control(0.2) if run.seed == 0]
    assert study.outcome(runs).verdict == "Undecided"
    assert study.answer_on_control(runs).endswith("(1 seed).")


def test_a_run_without_the_score_hides_nothing(plant_arm, control):
    broken = plant_arm(CONTROL, "paper", pairs=float("nan"), seed=3)
    assert study.outcome([*control(0.06), broken]).verdict == "Yes"
    runs = control(0.06)
    (runs[0].path / "media" / "limb_pairs.csv").unlink()  # of none, seed 0
    assert study.outcome(runs).over_none.difference.seeds == 2


@pytest.mark.parametrize("gain", [0.0, 0.02, -0.02, 0.2])
@pytest.mark.parametrize("spread", [0.0001, 0.005, 0.1])
def test_answers_are_short_whatever_they_say(plant_arm, starts, gain, spread):
    runs = [
        plant_arm(experiment, name, 0.5 + shift, 0.5 + shift, start, seed)
        for experiment in (PHOTOGRAPHS, CONTROL)
        for name in ("none", "affinities", "paper", "fenchel_young", "hinge")
        for seed, start in enumerate(starts if experiment == PHOTOGRAPHS else (None,) * 3)
        for shift in [(name in THROUGH) * (gain + spread * (-1) ** seed)]
    ]
    told = study.answer(PHOTOGRAPHS, runs), study.answer_on_control(runs)
    assert all(told)
    assert max(len(text.split()) for text in told) <= MOST_WORDS


def test_without_a_won_control_crowds_conclude_nothing(on_photographs, control):
    told = study.answer(PHOTOGRAPHS, on_photographs)
    assert told.startswith("Open (control not run). Owner accuracy over affinities alone: paper -11.0")
    lost = study.answer(PHOTOGRAPHS, [*on_photographs, *control(0.04)])
    assert lost == told.replace("not run", "not won")
    assert study.answer(PHOTOGRAPHS, [*on_photographs, *control(0.06)]) == told.removeprefix("Open (control not run). ")


def test_the_figure_has_an_interval_a_comparison(on_photographs):
    figure = study.drawings(on_photographs)["losses_photographs"]()
    assert len(figure.axes[0].get_yticklabels()) == 8


def test_rendered_crowds_stand_below_photographs_with_an_answer_of_their_own(plant_arm, on_photographs, control):
    start = "f42ecd73e5"
    branches = [plant_arm(BRANCHES, name, share, start=start) for name, share in {"none": 0.6, "hinge": 0.2}.items()]
    rendered = [
        plant_arm(RENDERED, "trained", share, start=start, branch=branch)
        for branch, share in zip(branches, (0.5, 0.7), strict=True)
    ]
    lost = plant_arm(RENDERED, "trained", 0.1, start=start, branch=on_photographs[0])
    both = [*on_photographs, *branches, *rendered, lost, *control(0.06)]
    pictures = [(row["pictures"], row["trained by"]) for row in study.ARMS.filled(both).rows]
    none, hinge = "no matching loss", "structured hinge"
    at_price_0 = "rendered crowds, price 0"
    assert pictures[6:] == [
        ("rendered crowds", none), ("rendered crowds", hinge), (at_price_0, none), (at_price_0, hinge)
    ]  # fmt: skip
    assert study.DIFFERENCES.filled(both).rows[-1][OWNERS.label].verdict == "one seed"
    assert study.answer(RENDERED, both) == "Owner accuracy over no matching loss: hinge +20.0 one seed."
    assert set(study.drawings(both)) == {"losses_photographs", "losses_rendered_crowds"}


def test_weights_are_told_by_variant_and_multiple(plant_arm):
    runs = [
        plant_arm(WEIGHTS, "hinge", pairs=0.5 + multiple / 10, start="fold_a-1", multiple=multiple)
        for multiple in (3, 0.3)
    ]
    rows = study.MULTIPLES.filled(runs).rows
    assert [(row["multiple"], row[F1.label]) for row in rows] == [(0.3, pytest.approx(53)), (3, pytest.approx(80))]


def test_two_runs_of_one_place_are_refused(plant_arm):
    runs = [plant_arm(PHOTOGRAPHS, "none", start="fold_a-1", multiple=multiple) for multiple in (1, 2)]
    with pytest.raises(InputError, match=r"both none from .+fold_a-1.+; expected one of them"):
        arms(runs, PHOTOGRAPHS)


def test_other_pictures_are_refused(plant_arm):
    ours, other = (plant_arm(PHOTOGRAPHS, name, start="fold_a-1") for name in ("paper", "none"))
    file = other.path / "media" / "per_picture.csv"
    pd.read_csv(file).iloc[1:].to_csv(file, index=False)
    with pytest.raises(InputError, match="other pictures"):
        study.answer(PHOTOGRAPHS, [ours, other])


def test_without_runs_there_is_nothing(on_photographs):
    assert study.answer(PHOTOGRAPHS, []) == study.answer_on_control([]) == ""
    assert study.drawings([]) == {}
    assert photographs(on_photographs) == []  # they are told here alone
