import numpy as np
import pandas as pd
import pytest

from mghp.config.identity import config_key
from mghp.config.load import load_config
from mghp.errors import InputError
from mghp.metrics.matching import f1
from mghp.runs.read import Run
from mghp.studies.learned import run as learned
from mghp.studies.learned.run import load_pair_problems, run_learned, split_problems
from mghp.studies.learned.scores import Rounding, limb_counts, person_counts
from mghp.studies.learned.variants import BASELINE, PROJECTED, UNTRAINED
from mghp.sweep.arguments import argument_list
from mghp.sweep.parameters import grid, trial_values
from mghp.sweep.sweep_file import read_sweep


def test_every_variant_is_trained_and_scored(every_variant):
    for name, run in every_variant.items():
        metrics = run.result["metrics"]
        assert metrics["test/images"] == 8
        for target, score in (("limbs", "test/f1"), ("persons", "test/person_f1")):
            images, counts = run.tested(target)
            assert counts.shape == (8, 3)
            assert len(set(images.tolist())) == 8
            assert 0 < metrics[score] <= 1, name
            assert float(f1(counts.sum(0))) == pytest.approx(metrics[score])
        problem = run.example
        assert {values.shape for values in problem.values()} == {every_variant["softmax"].example["truth"].shape}
        assert (problem["truth"] == every_variant["softmax"].example["truth"]).all()
        assert min(problem["truth"].shape) >= 2
        assert -1e-4 < problem["assignment"].min() <= problem["assignment"].max() < 1 + 1e-4
        if name != UNTRAINED:
            assert -1 <= metrics["gradient/cosine"] <= 1
            rows = pd.read_csv(run.path / "metrics.csv")
            assert np.isfinite(rows["train/loss"]).all()
        assert ("matching/coupling" in metrics) == (name not in (UNTRAINED, BASELINE, PROJECTED, "structured_hinge"))
    assert every_variant["straight_through"].metric("matching/coupling") == 0
    assert max(run.result["metrics"].get("matching/coupling", 0) for run in every_variant.values()) > 0.05


def test_the_baseline_may_be_rounded_through_a_projection_and_is_trained_as_without(every_variant):
    plain, projected = every_variant[BASELINE], every_variant[PROJECTED]
    assert (projected.example["affinity"] == plain.example["affinity"]).all()
    assert projected.metric("tuned/f1_validation") >= plain.metric("tuned/f1_validation")


def test_the_same_seed_gives_the_same_and_another_varies_noise_split_and_weights(tiny, every_variant):
    first = every_variant["pgd_paper"]
    again = Run(run_learned(tiny("variant=pgd_paper", "trainer.max_epochs=-1")))
    assert again.path != first.path
    same = {name: value for name, value in first.result["metrics"].items() if not name.startswith("time/")}
    assert {name: again.metric(name) for name in same} == pytest.approx(same, nan_ok=True)
    one, other = (load_pair_problems(tiny(f"seed={seed}")) for seed in (0, 1))
    assert not np.array_equal(one.problems[0].features, other.problems[0].features)
    tested = [split_problems(one, tiny(f"seed={seed}"))[2].images.tolist() for seed in (0, 1)]
    assert tested[0] != tested[1]


def test_a_split_is_by_image_and_can_be_cut(tiny):
    problems = load_pair_problems(tiny())
    split = split_problems(problems, tiny())
    parts = [set(part.images.tolist()) for part in split]
    assert [len(part) for part in parts] == [28, 4, 8]
    assert set.union(*parts) == set(problems.images.tolist())
    assert sum(map(len, split)) == len(problems)
    assert len(split_problems(problems, tiny("learned.train_images=5"))[0].images) == 5
    assert load_pair_problems(tiny("learned.min_candidates=2")).sizes.min() == 2


def test_what_is_tuned_is_tuned_on_validation_images_alone(tiny, monkeypatch):
    config = tiny("variant=softmax", "learned.learning_rates=[0.01,0.02]", "seed=5")
    validation = set(split_problems(load_pair_problems(config), config)[1].images.tolist())
    seen = []

    def spied(of_validation, counts_of, tune=learned.tuned_rounding):
        seen.append(({image for batch in of_validation.batches for image in batch.image.tolist()}, counts_of))
        return tune(of_validation, counts_of)

    monkeypatch.setattr(learned, "tuned_rounding", spied)
    run_learned(config)
    assert seen == [(validation, limb_counts), (validation, limb_counts), (validation, person_counts)]


def test_limbs_and_persons_are_each_scored_with_their_own_rounding(tiny, monkeypatch):
    roundings = {
        limb_counts: Rounding("affinity", 0.0),
        person_counts: Rounding("affinity", 1e9),
    }  # which joins nothing
    monkeypatch.setattr(learned, "tuned_rounding", lambda _, counts_of: (0.5, roundings[counts_of]))
    run = Run(run_learned(tiny("variant=line_integral", "seed=6")))
    assert run.tested("limbs")[1][:, 0].sum() > 0
    assert run.tested("persons")[1][:, :2].sum() == 0
    assert run.metric("tuned/persons_threshold") == 1e9


@pytest.mark.parametrize("rates", ["[1e-9,0.03]", "[0.03,1e-9]", "[0.03,1e30]"])
def test_the_setting_that_validation_prefers_is_kept(tiny, rates):
    """Of a rate that trains, and one that does nothing or diverges."""
    settings = (f"learned.learning_rates={rates}", "learned.steps=40", "variant=binary_cross_entropy")
    assert Run(run_learned(tiny(*settings))).metric("tuned/learning_rate") == 0.03


def test_the_positive_control_passes(tiny):
    scores = {}
    for name in ("binary_cross_entropy", "pgd_warm", "fenchel_young"):
        control = ("learned.problems=positive_control", "learned.layers=1", "learned.control_problems=300")
        run = Run(run_learned(tiny(f"variant={name}", *control, "learned.steps=150", "learned.learning_rates=[0.1]")))
        scores[name] = run.metric("test/f1")
    assert scores["binary_cross_entropy"] < 0.65
    assert min(scores["pgd_warm"], scores["fenchel_young"]) > 0.8


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (
            ["matcher.name=greedy"],
            r"^matcher greedy is not differentiable, but learned\.objective=matching trains through it",
        ),
        (["learned.min_candidates=9"], r"expected 10"),
        (
            ["learned.problems=positive_control", "learned.control_problems=3"],
            r"learned\.control_problems: expected 10",
        ),
        (["learned.learning_rates=[1e30]"], r"learned\.learning_rates: every training diverged"),
        (["trainer.max_steps=3"], r"trainer\.max_steps: learned\.steps says"),
        (["trainer.nosuch=3"], r"trainer: .*nosuch"),
        (["learned.nuisance=.inf"], r"nuisance must be a number from 0 up"),
    ],
)
def test_what_cannot_be_trained_is_told_in_a_line(tiny, settings, line):
    with pytest.raises(InputError, match=line) as told:
        run_learned(tiny(*settings))
    assert "\n" not in str(told.value)


def test_the_sweep_of_conditions_makes_the_runs_that_flat_keys_make(checkout):
    sweep = read_sweep(checkout / "sweeps" / "learned_conditions.yaml")
    points = [trial_values(sweep.parameters, point) for point in grid(sweep.parameters)]
    commands = [argument_list(sweep, values, checkout) for values in points]
    first = [words for words in commands if "seed=0" in words]
    keys = {config_key(load_config(words[3], words[4:]), "x") for words in first}
    assert len(keys) == 32
    for text in ("learned.nuisance=1", "learned.layers=1", "learned.train_images=50", "learned.min_candidates=5"):
        by_hand = load_config(checkout / "experiments" / "matcher" / "learned.yaml", ["variant=softmax", text])
        assert config_key(by_hand, "x") in keys, text


def test_a_matcher_that_draws_draws_anew_for_every_batch(tiny):
    config = tiny("variant=perturbed")
    train = split_problems(load_pair_problems(config), config)[0]
    module, _ = learned._trained(config, train, 0.01, 1.0, None)
    assert module.matcher.step == config.learned.steps - 1
