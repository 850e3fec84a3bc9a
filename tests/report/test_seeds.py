import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from mghp.config.metric_names import METRICS, MetricEntry
from mghp.report.comparison import Bound
from mghp.report.seeds import (
    SEEDS,
    VERDICTS,
    Family,
    OverSeeds,
    PictureScore,
    about_seeds,
    difference_columns,
    of_one_budget,
    paired_difference,
    score_columns,
    seeds_compared,
    told_best,
    verdicts,
)
from mghp.report.statistics import PairedDifference, paired_pictures, paired_seeds
from mghp.report.table import TableOf
from mghp.runs.read import Run, by_seed


@pytest.fixture
def plant(tmp_path):
    """Trainings of a variant, one per score, by their seeds."""

    def plant_runs(variant, scores, first_seed=0, pictures=None, **metrics):
        runs = []
        for seed, score in enumerate(scores, first_seed):
            folder = tmp_path / f"{variant}{seed}"
            (folder / "media").mkdir(parents=True)
            content = {
                "experiment": "trial", "variant": variant, "seed": seed,
                "metrics": {"train/steps": 100, "val/score": score, **metrics},
            }  # fmt: skip
            (folder / "result.json").write_text(json.dumps(content))
            if pictures is not None:
                rows = {"name": list("abc"), "tags": ["dim overlap", "", "overlap"], "score": np.add(pictures, score)}
                pd.DataFrame(rows).to_csv(folder / "media" / "per_picture.csv", index=False)
            runs.append(Run(folder))
        return by_seed(runs)

    return plant_runs


@pytest.fixture
def family(plant):
    """A baseline of four seeds, and what is better, equal, of two other seeds, and of no common one."""
    return Family(
        {
            "baseline": plant("baseline", [0.50, 0.52, 0.51, 0.53]),
            "better": plant("better", [0.60, 0.621, 0.61, 0.63]),
            "equal": plant("equal", [0.501, 0.52, 0.509, 0.53]),
            "fewer": plant("fewer", [0.3, 0.31], first_seed=3),
            "strange": plant("strange", [0.9], first_seed=9),
        },
        "baseline",
    )


def test_everyone_is_compared_with_the_baseline_over_the_seeds_that_both_have(family):
    found = family.compared("val/score")
    assert {name: cell.difference.seeds for name, cell in found.items()} == {"better": 4, "equal": 4, "fewer": 1}
    assert {name: cell.verdict for name, cell in found.items()} == {
        "better": "better", "equal": "no effect", "fewer": "one seed",
    }  # fmt: skip
    expected = paired_seeds([0.10, 0.101, 0.10, 0.10])
    assert found["better"].difference == pytest.approx(expected)
    assert found["better"].p == pytest.approx(2 * expected.p)  # Holm: two of them have a p


def test_others_are_those_that_can_be_compared(family):
    assert [variant.name for variant in family.others(["val/score"])] == ["better", "equal", "fewer"]
    assert family.others(["val/none"]) == family.others([]) == []
    assert Family(family.runs, "missing").others(["val/score"]) == []


def test_two_variants_alone_are_a_family_of_their_own(family):
    cell = family.between("better", "equal", "val/score")
    assert cell.difference.mean == pytest.approx(0.10025)
    assert cell.p == cell.difference.p
    assert family.between("better", "strange", "val/score") is None
    assert family.between("better", "missing", "val/score") is None


def test_the_bound_is_beside_the_baselines_score(plant):
    runs = {"baseline": plant("baseline", [0.1, 0.12]), "ours": plant("ours", [0.1, 0.12])}
    (cell,) = Family(runs, "baseline").compared("val/score").values()
    assert cell.bound == pytest.approx(0.05 * 0.11)
    (cell,) = Family(runs, "baseline", Bound(0.005)).compared("val/score").values()
    assert cell.bound == pytest.approx(0.025 * 0.11)


def test_where_a_seed_of_the_baseline_has_no_score_nothing_is_called_no_effect(plant):
    runs = {"baseline": plant("baseline", [0.1, 0.12, float("nan")]), "ours": plant("ours", [0.1, 0.12])}
    (cell,) = Family(runs, "baseline").compared("val/score").values()
    assert (cell.difference.seeds, cell.verdict) == (2, "undecided")


def test_captions_tell_both_bounds():
    assert "within 1 point and 5 % of the baseline's score, fixed" in VERDICTS
    assert "within 2 points and 10 % of the baseline's score, fixed" in verdicts(Bound(0.02))


def test_the_best_are_those_that_are_not_told_from_the_largest(family):
    known = {name: family.runs[name] for name in ("baseline", "better", "equal")}
    assert Family(known, "baseline").best("val/score") == {"better"}
    del known["better"]
    assert Family(known, "baseline").best("val/score") == set()  # nobody is told from it
    assert family.best("val/none") == set()


def test_who_is_not_told_from_the_best_is_as_good():
    apart, close = PairedDifference(-0.2, -0.3, -0.1, 0.001, 3), PairedDifference(-0.01, -0.1, 0.08, 0.6, 3)
    means = {"first": 0.5, "near": 0.49, "far": 0.3, "unknown": float("nan")}
    assert told_best(means, lambda name, first: {"near": close, "far": apart}[name]) == {"first", "near"}
    assert told_best(means, lambda name, first: None) == set()
    assert told_best({}, lambda name, first: None) == set()


def test_a_table_has_a_column_per_score_and_per_difference(family):
    scores = {"score": "val/score"}
    table = TableOf(
        "T", "c", SEEDS, *score_columns(scores), rows=lambda runs: family.variants, sources=lambda row: row.own_runs
    )
    filled = table.filled([])
    assert filled.cells()[:2] == [["4", "51.5 ± 1.3"], ["4", "61.5 ± 1.3"]]
    assert [len(runs) for runs in filled.sources] == [4, 4, 4, 2, 1]
    differences = TableOf(
        "D", "c", seeds_compared(scores.values()), *difference_columns(scores),
        rows=lambda runs: family.others(scores.values()), sources=lambda row: row.compared_runs,
    ).filled([])  # fmt: skip
    assert [row["seeds"] for row in differences.rows] == [4, 4, 1]
    assert differences.cells()[0][1].endswith("] better")
    assert [len(runs) for runs in differences.sources] == [8, 8, 6]


def test_the_best_of_a_column_are_bold(family):
    table = TableOf("T", "c", *score_columns({"score": "val/score"}), rows=lambda runs: shown, sources=lambda row: [])
    shown = Family({name: family.runs[name] for name in ("baseline", "better")}, "baseline").variants
    assert table.filled([]).best == {(1, "score")}


def test_a_score_of_pictures_is_compared_picture_by_picture(plant):
    pictures = np.array([0.0, 0.1, 0.2])
    ours, baseline = plant("ours", [0.3, 0.32], pictures=pictures), plant("baseline", [0.1, 0.11], pictures=pictures)
    found = paired_difference(ours, baseline, PictureScore("score"))
    assert found == pytest.approx(paired_pictures(np.repeat([[0.2], [0.21]], 3, 1)))
    overlap = PictureScore("score", tag="overlap")
    assert overlap.of(ours[0]).to_dict() == pytest.approx({"a": 0.3, "c": 0.5})
    assert overlap.mean(ours[0]) == pytest.approx(0.4)
    assert np.isnan(PictureScore("score", scene="hard").mean(ours[0]))
    assert paired_difference(ours, plant("bare", [0.1, 0.2]), PictureScore("score")) is None


def test_a_seed_without_the_score_leaves_nothing_to_compare(plant):
    ours, baseline = plant("ours", [0.1, 0.2, float("nan")]), plant("baseline", [0.1, 0.2, 0.3])
    assert paired_difference(ours, baseline, "val/score") is None
    assert f"{OverSeeds.of(run.metric('val/score') for run in ours.values()):.1f}" == ""


def test_a_mean_is_printed_with_its_spread():
    assert f"{OverSeeds.of([0.1, 0.3]):.1f}" == "20.0 ± 14.1"
    assert f"{OverSeeds.of([0.1]):.1f}" == "10.0"
    assert OverSeeds.of([0.1, 0.3]).columns() == pytest.approx({"": 0.2, " sd": np.sqrt(0.02)})


def test_trainings_of_another_length_are_left_out_and_captions_say_what_there_is(plant):
    usual = plant("usual", [0.1, 0.2])
    runs = [*usual.values(), *plant("long", [0.3], **{"train/steps": 900}).values()]
    assert of_one_budget(runs, "trial") == list(usual.values())
    assert of_one_budget(runs, "other") == []
    assert about_seeds([usual, {}]) == "Trainings of 100 steps, seeds: 2."
    assert about_seeds([usual, plant("one", [0.1])]) == "Trainings of 100 steps, seeds: 1 to 2."
    assert "one seed: a demonstration and no evidence" in about_seeds([plant("alone", [0.1])])
    assert about_seeds([{}]) == "No training is here."


@pytest.mark.parametrize(("larger_is_better", "best"), [(True, {"high"}), (False, {"low"})])
def test_the_best_score_is_the_largest_or_the_smallest(larger_is_better, best, monkeypatch):
    entry = MetricEntry("planted", "nowhere:nothing", "planted", larger_is_better=larger_is_better)
    monkeypatch.setitem(METRICS._added, "planted", entry)
    values = {"low": (0.1, 0.11, 0.12), "high": (0.5, 0.51, 0.53)}
    runs = {
        name: {seed: SimpleNamespace(metric=lambda _, value=value: value) for seed, value in enumerate(of_seeds)}
        for name, of_seeds in values.items()
    }
    assert Family(runs, "low").best("val/planted") == best
