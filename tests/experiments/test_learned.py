import json
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
import torch

from mghp.config import config_key, load_config, variant_names
from mghp.data.pair_features import PairProblems
from mghp.errors import InputError
from mghp.experiments import learned
from mghp.experiments.learned import calibration_error, load_pair_problems, run_learned, split_problems
from mghp.metrics.matching import SeedCounts, bootstrap_over_seeds, f1, holm, share
from mghp.report.learned.arms import ARMS, TARGETS, learned_arms
from mghp.report.learned.figures import compared_arms, difference_figure, learned_figures
from mghp.report.learned.readings import learned_readings, write_learned_readings
from mghp.report.learned.tables import learned_table, learned_tuning_table
from mghp.report.runs import Run
from mghp.sweep.arguments import argument_list
from mghp.sweep.parameters import grid, trial_values
from mghp.sweep.sweep_file import read_sweep

TINY = (
    "data.generated_poses.num_images=40", "data.poses.preset=default", "learned.steps=15",
    "learned.learning_rates=[0.01]", "learned.scales=[1.0]", "learned.hidden=8", "wandb.mode=disabled",
)  # fmt: skip


VERDICTS = ("better", "worse", "no effect", "undecided", "one seed")


@pytest.fixture(scope="module")
def tiny(checkout, tmp_path_factory):
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("learned")

    def load(*overrides):
        return load_config(checkout / "experiments" / "matcher" / "learned.yaml", [f"runs={folder}", *TINY, *overrides])

    return load


@pytest.fixture(scope="module")
def every_arm(tiny, checkout):
    names = variant_names(checkout / "experiments" / "matcher" / "learned.yaml")
    return {name: Run(run_learned(tiny(f"variant={name}"))) for name in names}


def test_every_arm_is_trained_and_scored(every_arm):
    for name, run in every_arm.items():
        metrics = run.result["metrics"]
        assert 0 < metrics["test/f1"] <= 1, name
        assert 0 < metrics["test/grouping"] <= 1
        assert metrics["test/images"] == 8
        images, counts = run.tested()
        assert float(share(run.tested("grouping")[1].sum(0))) == pytest.approx(metrics["test/grouping"])
        assert float(share(run.tested("grouping_tuned")[1].sum(0))) == pytest.approx(metrics["test/grouping_tuned"])
        problem = run.example
        assert {values.shape for values in problem.values()} == {every_arm["softmax"].example["truth"].shape}
        assert (problem["truth"] == every_arm["softmax"].example["truth"]).all()
        assert problem["truth"].shape == max(problem["truth"].shape, (2, 2))
        assert -1e-4 < problem["assignment"].min() <= problem["assignment"].max() < 1 + 1e-4
        assert len(images) == len(counts) == 8
        assert float(f1(counts.sum(0))) == pytest.approx(metrics["test/f1"])
        if name != "line_integral":
            assert -1 <= metrics["gradient/cosine"] <= 1
            rows = pd.read_csv(run.path / "metrics.csv")
            assert np.isfinite(rows["train/loss"]).all()
        assert ("matching/coupling" in metrics) == (
            name not in ("line_integral", "binary_cross_entropy", "structured_hinge")
        )
    assert every_arm["straight_through"].metric("matching/coupling") == 0
    assert max(run.result["metrics"].get("matching/coupling", 0) for run in every_arm.values()) > 0.05


def test_the_same_seed_gives_the_same_and_another_varies_noise_split_and_weights(tiny, every_arm):
    first = every_arm["pgd_paper"]
    again = Run(run_learned(tiny("variant=pgd_paper", "trainer.max_epochs=-1")))
    assert again.path != first.path
    same = {name: value for name, value in first.result["metrics"].items() if not name.startswith("time/")}
    assert {name: again.metric(name) for name in same} == pytest.approx(same, nan_ok=True)
    one, other = (load_pair_problems(tiny(f"seed={seed}"))[0] for seed in (0, 1))
    assert not np.array_equal(one.affinity[:50], other.affinity[:50])
    splits = [split_problems(one, tiny(f"seed={seed}")) for seed in (0, 1)]
    assert splits[0].test.images.tolist() != splits[1].test.images.tolist()


def test_a_split_is_by_image_and_can_be_cut(tiny):
    problems, _ = load_pair_problems(tiny())
    split = split_problems(problems, tiny())
    parts = [set(part.images.tolist()) for part in (split.train, split.validation, split.test)]
    assert [len(part) for part in parts] == [28, 4, 8]
    assert set.union(*parts) == set(problems.images.tolist())
    assert len(split_problems(problems, tiny("learned.train_images=5")).train.images) == 5
    crowded, _ = load_pair_problems(tiny("learned.min_candidates=2"))
    assert crowded.sizes.min() == 2


def test_the_positive_control_passes(tiny):
    scores = {}
    for name in ("binary_cross_entropy", "pgd_warm", "fenchel_young"):
        control = ("learned.problems=positive_control", "learned.layers=1", "learned.control_problems=300")
        run = Run(run_learned(tiny(f"variant={name}", *control, "learned.steps=150", "learned.learning_rates=[0.1]")))
        scores[name] = run.metric("test/f1")
    assert scores["binary_cross_entropy"] < 0.65
    assert min(scores["pgd_warm"], scores["fenchel_young"]) > 0.8


def test_nothing_is_trained_through_what_has_no_gradient(tiny):
    with pytest.raises(InputError, match=r"matcher\.name: nothing can be trained through greedy"):
        run_learned(tiny("matcher.name=greedy"))
    with pytest.raises(InputError, match=r"expected 10"):
        run_learned(tiny("learned.min_candidates=9"))


def test_persons_are_groups_that_joined_pairs_connect():
    # Two persons of two candidates each, and a false one; one limb of 2 x 3 pairs.
    problems = PairProblems(
        features=np.zeros((6, 1), np.float32), affinity=np.zeros(6, np.float32),
        truth=np.array([1, 0, 0, 0, 1, 0], bool),
        sizes=np.array([[2, 3]]), limb=np.array([0]), image=np.array([4]),
        source_candidate=np.array([0, 0, 0, 1, 1, 1]), destination_candidate=np.array([2, 3, 4, 2, 3, 4]),
        person={4: np.array([0, 1, 0, 1, -1])}, num_limbs=1,
    )  # fmt: skip
    for joined, right in (([0, 4], 4), ([], 2), ([0], 3), ([1, 3], 2), ([0, 1], 3), ([2, 4], 3), ([0, 1, 4], 2)):
        assert learned._grouping(problems, np.array(joined, int)).tolist() == [[right, 4]], joined


def test_calibration_is_the_gap_between_promise_and_truth():
    probability = np.array([0.05, 0.05, 0.95, 0.95])
    assert calibration_error(probability, np.array([0, 0, 1, 1], bool)) == pytest.approx(0.05)
    assert calibration_error(probability, np.array([1, 1, 0, 0], bool)) == pytest.approx(0.95)


def counts_of(rng, right, number=60):
    found = rng.binomial(10, right, number)
    return np.stack([found, 10 - found, 10 - found], 1)


def test_the_bootstrap_over_seeds_finds_a_planted_difference_and_no_other():
    rng = np.random.default_rng(0)

    def seeds(a, b):
        return [SeedCounts(rng.choice(300, 60, False), counts_of(rng, a), counts_of(rng, b)) for _ in range(8)]

    better = bootstrap_over_seeds(seeds(0.8, 0.75))
    assert 0 < better.low < 0.05 < better.high
    assert better.p < 0.05
    found = [bootstrap_over_seeds(seeds(0.8, 0.8), 300, seed=k) for k in range(40)]
    assert sum(one.p < 0.05 for one in found) <= 6
    one = seeds(0.8, 0.7)[:1]
    ours, theirs = (float(f1(counts.sum(0))) for counts in one[0][1:])
    assert bootstrap_over_seeds(one).mean == pytest.approx(ours - theirs)
    with pytest.raises(ValueError, match="at least one seed"):
        bootstrap_over_seeds([])


def test_a_share_of_nothing_is_whole():
    assert share([[3, 4], [0, 0]]).tolist() == [0.75, 1.0]
    with pytest.raises(ValueError, match=r"\(\.\.\., 2\)"):
        share([1, 2, 3])


def test_holm_steps_down():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_the_table_compares_seed_by_seed_with_the_baseline(every_arm, tiny):
    names = ("binary_cross_entropy", "pgd_large_step")
    second = [Run(run_learned(tiny(f"variant={name}", "seed=1"))) for name in names]
    arms = {arm.name: arm for arm in learned_arms([*every_arm.values(), *second])}
    assert len(arms) == len(every_arm)
    assert arms["binary_cross_entropy"].compared == {}
    assert len(arms["pgd_large_step"].runs) == 2
    own = [run.metric("test/f1") for run in arms["pgd_large_step"].runs]
    base = [run.metric("test/f1") for run in arms["binary_cross_entropy"].runs]
    assert arms["pgd_large_step"].compared["limbs"].difference.mean == pytest.approx(np.mean(own) - np.mean(base))
    assert not arms["straight_through"].is_through_the_matching
    table = learned_table([*every_arm.values(), *second])
    assert [row["seeds"] for row in table.rows].count(2) == 2
    of_limbs = "limbs: difference [95 %]"
    assert all(row[of_limbs] is None or row[of_limbs].verdict in VERDICTS for row in table.rows)
    (second_best,) = [row for row in table.cells() if row[1] == ARMS["pgd_large_step"]]
    compared = arms["pgd_large_step"].compared["limbs"]
    assert f"{compared.interval} {compared.verdict}" in second_best
    numbers = table.frame().set_index("arm").loc[ARMS["pgd_large_step"]]
    assert numbers[f"{of_limbs} low"] == 100 * compared.difference.low
    assert numbers[f"{of_limbs} p"] == compared.p
    assert json.dumps(table.markdown())
    assert "ms a step" not in table.formats
    tuned = learned_tuning_table([*every_arm.values(), *second])
    assert len(tuned.rows) == len(every_arm) - 1
    assert all(row["took the largest"] == row["seeds"] for row in tuned.rows)  # a single rate was given


def test_a_persons_threshold_is_tuned_for_persons(tiny, every_arm):
    run = every_arm["binary_cross_entropy"]
    config = tiny("variant=binary_cross_entropy")
    split = split_problems(load_pair_problems(config)[0], config)
    module = learned.untrained(config, split.train, 0.01, 1.0)
    examined = learned._examined(module, split.validation)
    best, rounding = learned._tuned_rounding(module, examined, learned._share_grouped)
    of_limbs = learned._tuned_rounding(module, examined)[1]
    assert learned._share_grouped(examined, examined.joined(rounding)) == best
    assert learned._share_grouped(examined, examined.joined(of_limbs)) <= best
    assert learned._f1_of_limbs(examined, examined.joined(rounding)) <= learned._f1_of_limbs(
        examined, examined.joined(of_limbs)
    )
    assert np.isfinite(run.metric("tuned/threshold_of_persons"))


@dataclass(frozen=True)
class PlantedRun:
    """What the report reads of a run, made up."""

    variant: str
    seed: int
    right: float
    grouped: float
    coupling: float = 0.5
    learned: dict = field(default_factory=dict)
    has_own_threshold: bool = True
    experiment = "learned"
    data = "planted poses"

    @property
    def config(self):
        shown = {"problems": "poses", "nuisance": 0.0, "min_candidates": 1, "train_images": None, "layers": 3,
                 "steps": 1000}  # fmt: skip
        return {"learned": {**shown, **self.learned}}

    @property
    def result(self):
        metrics = {"test/f1": self.metric("test/f1"), "test/grouping": self.metric("test/grouping")}
        metrics |= {"test/grouping_tuned": self.metric("test/grouping_tuned")} if self.has_own_threshold else {}
        return {"seed": self.seed, "metrics": metrics}

    def tested(self, name="counts"):
        rng = np.random.default_rng([self.seed, int(1000 * self.right), int(1000 * self.grouped)])
        images = np.arange(self.seed, self.seed + 60)
        if name == "counts":
            return images, counts_of(rng, self.right)
        # The threshold tuned for persons takes all arms to the same.
        grouped = rng.binomial(40, self.grouped if name == "grouping" else 0.9, 60)
        return images, np.stack([grouped, np.full(60, 40)], 1)

    def metric(self, name):
        if name == "matching/coupling":
            return self.coupling
        targets = {"test/f1": ("counts", f1), "test/grouping": ("grouping", share)}
        targets |= {"test/grouping_tuned": ("grouping_tuned", share)}
        if name not in targets:
            return float("nan")
        array, score = targets[name]
        return float(score(self.tested(array)[1].sum(0)))


def planted(name, right, grouped, seeds=6, **settings):
    return [PlantedRun(name, seed, right, grouped, **settings) for seed in range(seeds)]


def test_a_difference_of_persons_is_found_where_limbs_have_none():
    runs = [
        *planted("binary_cross_entropy", 0.9, 0.7, coupling=float("nan")), *planted("fenchel_young", 0.9, 0.75),
        *planted("softmax", 0.8, 0.7), *planted("straight_through", 0.5, 0.2, coupling=0.0),
    ]  # fmt: skip
    arms = {arm.name: arm for arm in learned_arms(runs)}
    assert arms["binary_cross_entropy"].compared == {}
    young = arms["fenchel_young"].compared
    assert young["persons"].verdict == "better"
    assert young["persons"].difference.low < 0.05 < young["persons"].difference.high
    assert young["limbs"].verdict != "better"
    assert young["persons, own threshold"].verdict in ("no effect", "undecided")
    assert arms["softmax"].compared["limbs"].verdict == "worse"
    assert [arm.is_through_the_matching for arm in arms.values()] == [False, True, True, False]
    text = write_learned_readings(runs)
    assert "The positive control was not run" in text
    assert "gain F1 of joined pairs? Planted poses: undecided." in text
    assert f"gain {TARGETS['persons, own threshold'].what}? Planted poses: " in text
    assert f"gain {TARGETS['persons'].what}? " not in text  # the fairer threshold answers for both
    assert "coupling under 0.1: straight-through Hungarian (control) (0.00)." in text
    assert "died" not in text
    assert "Hungarian on log-odds is already optimal" in text


def test_without_a_threshold_of_their_own_persons_come_with_a_warning():
    runs = [
        *planted("binary_cross_entropy", 0.9, 0.7, has_own_threshold=False), *planted("fenchel_young", 0.9, 0.75),
    ]  # fmt: skip
    text = write_learned_readings(runs)
    assert "may be one of thresholds" in text
    assert f"gain {TARGETS['persons'].what}? Planted poses: yes, with 1 of 1 arms." in text
    assert "Better: one projection, Fenchel-Young loss (+" in text


def test_a_second_seed_counts_even_where_another_arm_has_one():
    runs = [*planted("binary_cross_entropy", 0.9, 0.7), *planted("fenchel_young", 0.95, 0.7)]
    assert "joined pairs? Planted poses: undecided, for one seed" in write_learned_readings([runs[0], runs[6]])
    text = write_learned_readings([*runs, *planted("softmax", 0.95, 0.7, 1)])
    assert "joined pairs? Planted poses: yes, with 1 of 2 arms." in text
    assert "One seed: soft-max over rows and columns (control) (+" in text


@pytest.mark.parametrize(("right", "said"), [(0.95, "passed: where"), (0.5, "has not passed: where")])
def test_the_readings_say_whether_the_positive_control_passed_and_who_died(right, said):
    control = {"problems": "positive_control"}
    runs = [
        *planted("binary_cross_entropy", 0.5, 0.7, learned=control),
        *planted("fenchel_young", right, 0.7, learned=control),
        *planted("binary_cross_entropy", 0.9, 0.7), *planted("pgd_warm", 0.9, 0.7, 5),
        PlantedRun("pgd_warm", 5, 0.1, 0.1),
    ]  # fmt: skip
    sentences = learned_readings(runs)
    (control_said,) = [sentence for sentence in sentences if sentence.startswith("The positive control")]
    assert control_said.startswith(f"The positive control {said}")
    assert [arm.died for arm in learned_arms(runs)] == [None, 0, None, 1]
    (died,) = [sentence for sentence in sentences if "died" in sentence]
    assert died.endswith(" warm start (1 of 6 on planted poses).")


def test_figures_are_drawn_of_what_is_there(every_arm, tmp_path):
    files = learned_figures([every_arm[name] for name in ("binary_cross_entropy", "fenchel_young")], tmp_path)
    assert {file.stem for file in files} == {"learned_matching", "learned_example", "learned_losses"}
    assert all(file.stat().st_size > 2000 for file in files)
    assert learned_figures([every_arm["line_integral"]], tmp_path) == []
    assert write_learned_readings([every_arm["line_integral"]]) == ""


def test_variations_have_a_figure_of_their_own():
    both = ("binary_cross_entropy", "fenchel_young")
    runs = [run for name in both for run in planted(name, 0.9, 0.7)]
    runs += [run for name in both for run in planted(name, 0.8, 0.7, learned={"nuisance": 1.0})]
    runs += [run for name in both for run in planted(name, 0.7, 0.7, learned={"problems": "positive_control"})]
    arms = learned_arms(runs)
    figures = compared_arms(arms)
    assert {name: [arm.condition for arm in chosen] for name, chosen in figures.items()} == {
        "control": ["positive control, 6x6"],
        "matching": ["planted poses"],
        "conditions": ["planted poses, candidate offsets 1"],
    }
    (title,) = (axis.get_title(loc="right") for axis in difference_figure(figures["matching"]).axes[:1])
    assert title == "planted poses"


def test_the_sweep_of_conditions_makes_the_runs_that_flat_keys_make(checkout):
    sweep = read_sweep(checkout / "sweeps" / "learned_conditions.yaml")
    points = [trial_values(sweep.parameters, point) for point in grid(sweep.parameters)]
    commands = [argument_list(sweep, values, checkout) for values in points]
    first = [words for words in commands if "seed=0" in words]
    keys = {config_key(load_config(words[3], words[4:]), "x") for words in first}
    assert len(keys) == 32
    flat = {"learned.nuisance=1", "learned.layers=1", "learned.train_images=50", "learned.min_candidates=5"}
    for text in flat:
        settings = ["variant=softmax", "learned.steps=400", text]
        by_hand = load_config(checkout / "experiments" / "matcher" / "learned.yaml", settings)
        assert config_key(by_hand, "x") in keys, text
