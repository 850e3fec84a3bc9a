import numpy as np
import pytest
from planted_trainings import plant, plant_components

from mghp.report.statistics import paired_seeds
from mghp.studies.components.swaps import AS_TRAINED, P2_MATCHERS, P2_ORACLES, TRUE_FIELDS, ReadUnder, swaps
from mghp.studies.parsing.tables import SCORES


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """Three trainings whose greedy matcher is worse, and whose true parts bring much."""
    folder = tmp_path_factory.mktemp("runs")
    scores = [
        {"matcher/greedy/ap_p_vol": 0.3 + 0.01 * seed, "oracle/true_parts/ap_p_vol": 0.9 - 0.02 * seed}
        for seed in range(3)
    ]
    return [plant(folder, "components", "full", seed, 0.5, metrics=metrics) for seed, metrics in enumerate(scores)]


def row_of(table, first):
    (row,) = [row for row in table.rows if row[next(iter(table.formats))] == first]
    return row


def test_another_matcher_is_compared_with_the_trained_one_seed_by_seed(full):
    table = P2_MATCHERS.filled(full)
    greedy = row_of(table, "greedy")["AP^p averaged, difference"]
    assert greedy.difference == pytest.approx(paired_seeds([-0.2, -0.19, -0.18]))
    assert greedy.verdict == "worse"
    assert row_of(table, "Hungarian")["AP^p averaged, difference"].verdict == "no effect"
    assert row_of(table, "the trained one, rounded")["AP^p averaged, difference"] is None
    assert "Trainings of 100 steps, seeds: 3." in table.caption
    assert [[run.path for run in runs] for runs in table.sources] == [[run.path for run in full]] * 3


def test_a_column_is_the_family_that_is_corrected(full):
    greedy = row_of(P2_MATCHERS.filled(full), "greedy")["AP^p averaged, difference"]
    assert greedy.p == pytest.approx(2 * greedy.difference.p)
    parts = row_of(P2_ORACLES.filled(full), "parts")["AP^p averaged, difference"]
    assert parts.p <= 5 * parts.difference.p


def test_true_fields_are_compared_with_none_and_none_is_bold(full):
    table = P2_ORACLES.filled(full)
    assert [row["true"] for row in table.rows] == list(TRUE_FIELDS.values())
    assert row_of(table, "parts")["AP^p averaged, difference"].difference.mean == pytest.approx(0.38)
    assert row_of(table, "parts")["AP^p averaged"].mean == pytest.approx(0.88)
    assert table.best == set()
    assert P2_MATCHERS.filled(full).best


def with_coin(folder):
    metrics = {f"oracle/sides_by_coin/{score}": 0.7 for score in SCORES}
    return [plant(folder, "components", "full", seed, 0.5 + 0.001 * seed, metrics=metrics) for seed in range(3)]


def test_the_ceiling_stands_below_the_true_fields_and_corrects_no_other_comparison(full, tmp_path):
    runs = with_coin(tmp_path)
    *fields, ceiling = P2_ORACLES.filled(runs).rows
    assert [row["true"] for row in fields] == list(TRUE_FIELDS.values())
    assert ceiling["true"] == "all but sides, by a coin"
    assert ceiling["AP^p averaged, difference"].difference.mean == pytest.approx(0.2, abs=0.002)
    assert ceiling["AP^p averaged, difference"].p == ceiling["AP^p averaged, difference"].difference.p
    without = P2_ORACLES.filled([plant(tmp_path / "without", "components", "full", seed, 0.5 + 0.001 * seed)
                                 for seed in range(3)])  # fmt: skip
    column = "AP^p averaged, difference"
    assert [row[column] and row[column].p for row in fields] == [row[column] and row[column].p for row in without.rows]
    assert "By a coin: " in P2_ORACLES.filled(runs).caption
    assert "By a coin: " not in without.caption


def test_only_the_full_model_is_read_and_only_what_it_was_scored_with(full, tmp_path):
    others = plant_components(tmp_path, {"field_1_level": 0.4})
    assert swaps([*full, *others], TRUE_FIELDS).runs.keys() == TRUE_FIELDS.keys()
    assert swaps(full, ["oracle/strange"]).runs == swaps(others, TRUE_FIELDS).runs == {}


def test_a_whole_name_is_read_as_it_is(full):
    run = ReadUnder(full[0].path, AS_TRAINED)
    assert run.metric("ap_p_vol") == full[0].metric("oracle/predicted/ap_p_vol") == 0.5
    assert run.metric("train/steps") == 100
    assert np.isnan(run.metric("strange"))
