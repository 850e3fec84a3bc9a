from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pytest

from mghp.config.training import LearnedMatchingConfig
from mghp.errors import InputError
from mghp.metrics.matching import f1
from mghp.runs.read import Run
from mghp.studies.learned.arms import ARMS, CONTROL, TARGETS, condition_of, learned_arms
from mghp.studies.learned.figures import compared_arms, difference_figure, learned_figures, shown_arms
from mghp.studies.learned.readings import learned_readings, write_learned_readings
from mghp.studies.learned.run import run_learned
from mghp.studies.learned.tables import learned_table, learned_tuning_table

VERDICTS = ("better", "worse", "no effect", "undecided", "one seed")
LIMBS, PERSONS = (f"gain {target.what}?" for target in TARGETS.values())


def test_the_table_compares_seed_by_seed_with_the_baseline(every_arm, tiny):
    names = ("binary_cross_entropy", "pgd_large_step")
    second = [Run(run_learned(tiny(f"variant={name}", "seed=1"))) for name in names]
    arms = {arm.name: arm for arm in learned_arms([*every_arm.values(), *second])}
    assert len(arms) == len(every_arm)
    assert arms["binary_cross_entropy"].compared == {}
    assert len(arms["pgd_large_step"].runs) == 2
    own = [run.metric("test/f1") for run in arms["pgd_large_step"].runs]
    base = [run.metric("test/f1") for run in arms["binary_cross_entropy"].runs]
    compared = arms["pgd_large_step"].compared["limbs"]
    assert compared.difference.mean == pytest.approx(np.mean(own) - np.mean(base))
    assert not arms["straight_through"].is_through_the_matching
    table = learned_table([*every_arm.values(), *second])
    assert [row["seeds"] for row in table.rows].count(2) == 2
    of_limbs = "limbs, difference [95 %]"
    assert all(row[of_limbs] is None or row[of_limbs].verdict in VERDICTS for row in table.rows)
    (cells,) = [cells for cells in table.cells() if cells[1] == ARMS["pgd_large_step"]]
    assert f"{compared.interval} {compared.verdict}" in cells
    numbers = table.frame().set_index("arm").loc[ARMS["pgd_large_step"]]
    assert numbers[f"{of_limbs} low"] == compared.difference.low
    assert numbers[f"{of_limbs} p"] == compared.p
    tuned = learned_tuning_table([*every_arm.values(), *second])
    assert len(tuned.rows) == len(every_arm) - 1
    assert all(row["learning rates"] == f"0.01: {row['seeds']}" for row in tuned.rows)  # a single rate was given
    (soft,) = [row for row in tuned.rows if row["arm"] == ARMS["softmax"]]
    taken = [int(part.split(": ")[1]) for part in soft["roundings, persons"].split(", ")]
    assert len(taken) == 4
    assert sum(taken) == 1


@dataclass(frozen=True)
class PlantedRun:
    """What the report reads of a run, made up: of 600 images each seed tests on some."""

    variant: str
    seed: int
    right: float
    grouped: float
    coupling: float = 0.5
    learned: dict = field(default_factory=dict)
    first_image: int = 0
    source: str = "poses"
    experiment = "learned"
    path = Path("planted")
    example = True

    @property
    def data(self):
        return {"poses": "planted poses", "mhp_poses": "real poses"}[self.source]

    @property
    def config(self):
        return {"learned": {**asdict(LearnedMatchingConfig()), **self.learned}, "data": {"name": self.source}}

    @property
    def result(self):
        return {"seed": self.seed, "metrics": {name: self.metric(name) for name in ("test/f1", "test/person_f1")}}

    def tested(self, name):
        right = {"limbs": self.right, "persons": self.grouped}[name]
        rng = np.random.default_rng([self.seed, int(1000 * right), len(name)])
        found = rng.binomial(10, right, 100)
        return np.arange(100) + 50 * self.seed + self.first_image, np.stack([found, 10 - found, 10 - found], 1)

    def metric(self, name):
        if name == "matching/coupling":
            return self.coupling
        array = {"test/f1": "limbs", "test/person_f1": "persons"}.get(name)
        return float("nan") if array is None else float(f1(self.tested(array)[1].sum(0)))


def planted(name, right, grouped, seeds=6, **settings):
    return [PlantedRun(name, seed, right, grouped, **settings) for seed in range(seeds)]


BASELINE = planted("binary_cross_entropy", 0.8, 0.7, coupling=float("nan"))


def test_a_difference_of_persons_is_found_where_limbs_have_none():
    runs = [
        *BASELINE, *planted("fenchel_young", 0.8, 0.75), *planted("one_projection", 0.7, 0.7),
        *planted("straight_through", 0.5, 0.2, coupling=0.0),
    ]  # fmt: skip
    arms = {arm.name: arm for arm in learned_arms(runs)}
    assert arms["binary_cross_entropy"].compared == {}
    young = arms["fenchel_young"].compared
    assert young["persons"].verdict == "better"
    assert young["persons"].difference.low < 0.05 < young["persons"].difference.high
    assert young["limbs"].verdict in ("no effect", "undecided")
    assert arms["one_projection"].compared["limbs"].verdict == "worse"
    assert [arm.is_through_the_matching for arm in arms.values()] == [False, True, True, False]
    text = write_learned_readings(runs)
    assert "The positive control was not run" in text
    assert f"{LIMBS} Planted poses: undecided." in text or f"{LIMBS} Planted poses: no." in text
    assert f"{PERSONS} Planted poses: yes, with 1 of 2 arms." in text
    assert "coupling under 0.1: straight-through Hungarian (control) (0.00 on planted poses)." in text
    assert "died" not in text
    assert "On poses, no arm was found better" in text  # by F1 of pairs
    assert "best matching can be taken of its log-odds afterwards" in text


def test_a_control_that_gains_is_no_yes():
    text = write_learned_readings([*BASELINE, *planted("softmax", 0.9, 0.9), *planted("fenchel_young", 0.7, 0.6)])
    assert f"{LIMBS} Planted poses: no." in text
    assert "Better: soft-max over rows and columns (control) (+" in text
    assert f"{LIMBS} Planted poses: not tested." in write_learned_readings([*BASELINE, *planted("softmax", 0.9, 0.9)])


class EvenRun(PlantedRun):
    """The same of every image, so that the smallest difference is told."""

    def tested(self, name):
        _, counts = super().tested(name)
        right = round(10_000 * self.right)
        return np.arange(100), np.broadcast_to([right, 10_000 - right, 10_000 - right], counts.shape)


def test_a_gain_within_the_bound_of_no_effect_is_told_to_be_that_small():
    runs = [
        EvenRun(name, seed, 0.8 + gain, 0.7)
        for seed in range(3)
        for name, gain in (("binary_cross_entropy", 0.0), ("structured_hinge", 0.003 + seed / 10_000))
    ]
    text = write_learned_readings([*runs, *(EvenRun("fenchel_young", seed, 0.9, 0.7) for seed in range(3))])
    assert f"{LIMBS} Planted poses: yes, with 2 of 2 arms (of 1 the whole interval is under 0.5 points)." in text


def test_a_second_seed_counts_even_where_another_arm_has_one():
    better = planted("fenchel_young", 0.95, 0.7)
    assert f"{LIMBS} Planted poses: undecided, for one seed" in write_learned_readings([BASELINE[0], better[0]])
    text = write_learned_readings([*BASELINE, *better, *planted("one_projection", 0.95, 0.7, 1)])
    assert f"{LIMBS} Planted poses: yes, with 1 of 2 arms." in text
    assert "One seed: one projection, implicit gradient (+" in text
    assert "(1 or 6 seeds; " in text


def test_arms_are_told_over_the_seeds_that_the_baseline_has():
    runs = [*BASELINE[:2], *planted("fenchel_young", 0.95, 0.7)]
    (_, young) = learned_arms(runs)
    assert [run.seed for run in young.runs] == [0, 1]
    assert young.compared["limbs"].difference.seeds == 2
    assert "(2 seeds; " in write_learned_readings(runs)


@pytest.mark.parametrize(("right", "said"), [(0.95, "passed: where"), (0.5, "has not passed: where")])
def test_the_readings_say_whether_the_positive_control_passed_and_who_died(right, said):
    control = {"problems": "positive_control", "layers": 1}
    runs = [
        *planted("binary_cross_entropy", 0.5, 0.7, learned=control),
        *planted("fenchel_young", right, 0.7, learned=control),
        *planted("one_projection", 0.9, 0.7, 1, learned=control),
        *planted("softmax", 0.9, 0.7, learned=control),
        *BASELINE, *planted("pgd_warm", 0.8, 0.7, 5), PlantedRun("pgd_warm", 5, 0.1, 0.1),
    ]  # fmt: skip
    sentences = learned_readings(runs)
    (control_said,) = [sentence for sentence in sentences if sentence.startswith("The positive control")]
    assert control_said.startswith(f"The positive control {said}")
    assert f"{1 if right > 0.9 else 0} of 2 arms" in control_said
    assert "Others: " in control_said
    assert [arm.died for arm in learned_arms(runs)] == [None, 0, 0, 0, None, 1]
    (died,) = [sentence for sentence in sentences if "died" in sentence]
    assert died.endswith(" warm start (1 of 6 on planted poses).")


def test_a_seed_that_no_gradient_reaches_has_died_whatever_its_score():
    runs = [
        *BASELINE, *planted("one_projection", 0.8, 0.7, 2), *planted("pgd_warm", 0.8, 0.7, 2, coupling=0.0),
        *planted("fenchel_young", 0.8, 0.7, 2, coupling=0.0), *planted("straight_through", 0.8, 0.7, 2, coupling=0.0),
    ]  # fmt: skip
    assert {arm.name: arm.died for arm in learned_arms(runs) if arm.died} == {"pgd_warm": 2}


def test_what_the_rounding_gains_is_told_apart_from_what_the_training_gains():
    rounded = planted("binary_cross_entropy_projection", 0.9, 0.7, coupling=float("nan"))
    text = write_learned_readings([*BASELINE, *rounded, *planted("fenchel_young", 0.9, 0.9)])
    (sentence,) = [line for line in text.splitlines() if "training or the rounding" in line]
    assert "F1 of joined pairs, it gains +" in sentence
    assert "Young loss, +0.00 [+0.00, +0.00] over it; F1 of candidates grouped into persons, it gains +" in sentence
    assert "not trained through the matching" not in text.lower()
    assert "with 1 of 1 arms" in text
    of_others = write_learned_readings([*BASELINE, *rounded[:1], *planted("fenchel_young", 0.9, 0.9)[1:]])
    assert "training or the rounding" not in of_others


def test_a_control_without_what_it_is_for_says_nothing():
    control = planted("binary_cross_entropy", 0.5, 0.7, learned={"problems": "positive_control", "layers": 1})
    poses = [*BASELINE, *planted("fenchel_young", 0.8, 0.75)]
    assert "The positive control says nothing" in write_learned_readings([*control, *poses])
    assert write_learned_readings(control) == ""


def test_whatever_is_other_than_usual_is_another_condition():
    def condition(**learned):
        return condition_of(PlantedRun("softmax", 0, 0.5, 0.5, learned=learned))

    assert condition() == "planted poses"
    assert condition(nuisance=1.0, layers=1) == "planted poses, candidate offsets 1, linear scorer"
    assert condition(hidden=64, learning_rates=[0.1]) == "planted poses, hidden 64, learning rates [0.1]"
    assert condition(problems="positive_control", layers=1) == CONTROL
    assert condition(problems="positive_control") == f"{CONTROL}, layers 3"
    runs = [*BASELINE, *planted("fenchel_young", 0.9, 0.7, 1, learned={"hidden": 64})]
    assert all(arm.compared == {} for arm in learned_arms(runs))


def test_runs_of_a_seed_on_different_images_are_not_compared():
    runs = [*BASELINE, *planted("fenchel_young", 0.9, 0.7, first_image=7)]
    with pytest.raises(InputError, match=r"planted and planted: tested on different images"):
        learned_arms(runs)


def test_figures_are_drawn_of_what_is_there(every_arm, tmp_path):
    files = learned_figures([every_arm[name] for name in ("binary_cross_entropy", "fenchel_young")], tmp_path)
    shown = {file.stem for file in files}
    assert len(shown & {"learned_matching", "learned_conditions"}) == 1
    assert {"learned_example", "learned_losses"} < shown
    assert all(file.stat().st_size > 2000 for file in files)
    assert learned_figures([every_arm["line_integral"]], tmp_path) == []
    assert write_learned_readings([every_arm["line_integral"]]) == ""


def test_examples_are_of_the_condition_with_most_runs_and_of_two_equal_ones_of_real_poses():
    def conditions(*runs):
        return {arm.condition for arm in shown_arms(learned_arms(runs))}

    made_up, control = planted("softmax", 0.9, 0.7), {"problems": "positive_control", "layers": 1}
    real = planted("softmax", 0.9, 0.7, source="mhp_poses")
    assert conditions(*made_up, *real) == {"real poses"}
    assert conditions(*made_up, *real[1:]) == {"planted poses"}
    assert conditions(*real[1:], *planted("softmax", 0.9, 0.7, learned=control)) == {"real poses"}


def test_variations_and_the_control_have_figures_of_their_own():
    both = ("binary_cross_entropy", "fenchel_young")
    runs = [run for name in both for run in planted(name, 0.9, 0.7)]
    runs += [run for name in both for run in planted(name, 0.8, 0.7, learned={"nuisance": 1.0})]
    control = {"problems": "positive_control", "layers": 1}
    runs += [run for name in both for run in planted(name, 0.7, 0.7, learned=control)]
    figures = compared_arms(learned_arms(runs))
    assert {name: [arm.condition for arm in chosen] for name, chosen in figures.items()} == {
        "control": ["positive control, 6x6"],
        "matching": ["planted poses"],
        "conditions": ["planted poses, candidate offsets 1"],
    }
    (title,) = (axis.get_title(loc="right") for axis in difference_figure(figures["matching"]).axes[:1])
    assert title == "planted poses"
