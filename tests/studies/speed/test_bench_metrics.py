import json

import numpy as np
import pandas as pd
import pytest

import mghp.studies.speed.metrics as bench
from mghp.config.schema import Config
from mghp.errors import InputError
from mghp.runs.read import Run
from mghp.studies.speed.metrics import METRICS


@pytest.fixture(scope="module")
def pictures():
    return bench.made_set(number=2, size=40, persons=2, num_labels=9)


def test_the_made_set_has_errors_to_measure(pictures):
    for picture in pictures:
        assert picture.true.person_ids.max() == 2
        assert picture.maps.shape == (2, 40, 40)
        assert 0 < (picture.painted.parts == picture.true.parts).mean() < 1
        assert picture.painted.part_scores.shape == (2, 9)


def test_every_metric_is_timed_in_turn_with_the_unit(pictures, tmp_path, monkeypatch):
    units = []
    monkeypatch.setattr(bench, "_unit", lambda *_: lambda: units.append(sum(range(1000))))
    run = bench.bench_metrics(pictures, 9, "made up", Config(experiment="bench_metrics", runs=str(tmp_path)))
    rows = pd.read_csv(run / "ratios.csv")
    assert len(units) == bench.ROUNDS * len(rows) == bench.ROUNDS * 4
    assert (rows["units"] > 0).all()
    assert json.loads((run / "result.json").read_text())["metrics"] == {"pictures": 2, "labels": 9}
    assert "AP^r, 8 classes" in METRICS.filled([Run(run)]).markdown()


def test_a_stored_set_is_read_and_a_faulty_one_named(pictures, tmp_path):
    arrays = {"num_classes": 9, "num_images": 1}
    first = pictures[0]
    arrays |= {"0000_gt_parts": first.true.parts, "0000_gt_ids": 3 * first.true.person_ids}
    np.savez(tmp_path / "set.npz", **arrays, **{"0000_pred_parts": first.maps, "0000_pred_scores": first.scores})
    read, labels = bench.stored_set(tmp_path / "set.npz")
    assert labels == 9
    np.testing.assert_array_equal(read[0].true.person_ids, first.true.person_ids)
    np.testing.assert_array_equal(read[0].painted.parts, first.painted.parts)
    np.savez(tmp_path / "other.npz", **arrays)
    for name in ("other.npz", "nowhere.npz"):
        with pytest.raises(InputError, match=name.replace(".", r"\.")):
            bench.stored_set(tmp_path / name)
