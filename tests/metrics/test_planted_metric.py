"""The metric of CONTRIBUTING.md, installed by another package, and added to a copy of this one."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.config.load import load_config
from mghp.config.metric_names import METRICS, MetricEntry
from mghp.config.metrics import MetricsConfig
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.pictures import load_pictures
from mghp.errors import InputError
from mghp.evaluation.train import run_training
from mghp.metrics.breakdown import Breakdown
from mghp.metrics.parsing import parsing_metrics, scores_of_picture

EVALUATED = """
import sys
from pathlib import Path
from mghp.evaluation.evaluate import run_evaluation
from mghp.runs.read import Run
from mghp.studies.parsing.tables import TRAININGS
settings = ["matcher.name=hungarian", "evaluation.oracles=[]", "assembly.min_affinity=0"]
evaluated = run_evaluation(Path(sys.argv[1]), settings, lambda *_: None)
print(evaluated)
print(TRAININGS.filled([Run(Path(sys.argv[1])), Run(evaluated)]).markdown())
"""


def nothing(*_):
    """No progress to show."""


@pytest.fixture
def snippet(snippet_of):
    """The module that CONTRIBUTING.md shows."""
    return snippet_of("Adding a metric")


@pytest.fixture
def pair():
    """Two true persons, the first of whom is found."""
    ids = np.zeros((8, 8), np.int64)
    ids[:4, :4], ids[5:, 5:] = 1, 2
    found = np.where(ids == 1, 1, 0)
    nowhere = np.zeros((2, 17, 3))
    return (
        PredictedPersons(found, found, np.ones(1), np.ones((1, 15)), nowhere[:1]),
        TruePersons((ids > 0).astype(np.uint8), ids, nowhere),
    )


def test_an_installed_metric_is_computed_with_the_others(install, snippet, pair):
    install(METRICS, "person_recall", "person_recall", snippet)
    metrics = parsing_metrics(DENSEPOSE_COCO)
    metrics.update(*pair)
    assert float(metrics.compute()["person_recall"]) == 0.5


def test_a_planted_score_of_single_pictures_is_told_with_theirs(left_as_it_was, pair, monkeypatch):
    module = type(sys)("planted")
    module.count = lambda predicted, true, anatomy: {"keypoints": float(anatomy.num_keypoints)}
    monkeypatch.setitem(sys.modules, "planted", module)
    left_as_it_was(METRICS)
    METRICS.add(MetricEntry("keypoints", "planted:count", "keypoints", scope="picture"))
    scores = scores_of_picture(*pair, DENSEPOSE_COCO)
    assert (scores["keypoints"], scores["person_iou"]) == (17.0, 0.5)


def test_two_files_add_a_metric_to_results_and_tables(snippet, checkout, small_config, tmp_path):
    shutil.copytree(checkout / "mghp", tmp_path / "mghp")
    module, _, entry = snippet.partition("\nMETRICS.add(")
    (tmp_path / "mghp" / "metrics" / "person_recall.py").write_text(f'"""Recall of persons."""\n\n{module}')
    names = tmp_path / "mghp" / "config" / "metric_names.py"
    line = entry.replace('"person_recall:', '"mghp.metrics.person_recall:').rstrip()[:-1]
    names.write_text(names.read_text().replace("\n):\n", f"\n    {line},\n):\n"))
    config = small_config("trainer.max_steps=2", "trainer.precision=32-true", f"runs={tmp_path / 'runs'}")
    trained = run_training(config, *load_pictures(config.data, nothing))
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "OMP_NUM_THREADS": "1"}
    process = subprocess.run(
        [sys.executable, "-c", EVALUATED, str(trained)], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert process.returncode == 0, process.stderr
    evaluated, *table = process.stdout.splitlines()
    found = json.loads((Path(evaluated) / "result.json").read_text())["metrics"]
    assert 0 <= found["val/person_recall"] <= 1
    headings, _, row = (line.split(" | ") for line in table if line.startswith("|"))
    assert float(row[headings.index("persons touched")]) == pytest.approx(found["val/person_recall"], abs=1e-3)


def test_only_what_is_asked_for_is_computed(pair):
    config = MetricsConfig(scores=["grouping", "ap_p_50"])
    metrics, breakdown = parsing_metrics(DENSEPOSE_COCO, config), Breakdown(DENSEPOSE_COCO, config)
    metrics.update(*pair)
    breakdown.update(*pair)
    together = {"grouping", "ap_p_50", "ap_p_vol", "pcp_50", "pcp_vol"}
    assert set(metrics.compute()) == together
    assert set(breakdown.compute()["persons/2 persons"]) == together


def test_every_score_is_registered_and_says_its_direction():
    computed = parsing_metrics(DENSEPOSE_COCO)
    assert set(computed.compute()) == set(METRICS.where(lambda entry: entry.scope == "set"))
    for name, metric in computed.items():
        assert metric.higher_is_better == METRICS[name].larger_is_better, name


@pytest.mark.parametrize("name", ["mean_iuo", "person_iou"])
def test_a_score_of_no_set_is_one_line(name, tmp_path):
    (tmp_path / "any.yaml").touch()
    with pytest.raises(InputError, match=rf"^metrics\.scores: no score '{name}'"):
        load_config(tmp_path / "any.yaml", [f"metrics.scores=[{name}]"])
