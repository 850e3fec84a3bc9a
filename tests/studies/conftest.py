"""That this file is here lets the tests in the folders below import planted_trainings."""

import json
import shutil
from itertools import count

import numpy as np
import pandas as pd
import pytest
import yaml

from mghp.runs.read import Run
from mghp.studies import variants
from mghp.studies.matching_loss.arms import CONTROL, PHOTOGRAPHS

_STARTS = ("fold_a-1", "fold_a-2", "fold_b-1", "fold_b-2")
_PICTURES = 20


@pytest.fixture
def add_variant(checkout, tmp_path, monkeypatch):
    """Adds a line to a copy of an experiment file, which the studies then read; returns the file."""
    monkeypatch.setattr("mghp.config.packaged._PACKAGE", tmp_path)
    variants.labels_of.cache_clear()
    shutil.copytree(checkout / "experiments", tmp_path / "experiments")

    def add(experiment, line):
        file = tmp_path / "experiments" / experiment
        file.write_text(file.read_text() + line)
        return file

    yield add
    variants.labels_of.cache_clear()


@pytest.fixture
def plant_arm(tmp_path):
    """Plants a training whose owners and pairs of limbs are right in these shares."""
    number = count()

    def plant_run(experiment, variant, owners=0.6, pairs=0.7, start=None, seed=0, multiple=1.0, branch=None):
        folder = tmp_path / f"run{next(number)}"
        (folder / "media").mkdir(parents=True)
        config = {
            "data": {"name": "folder" if start else "synthetic", "root": "/somewhere/coco_persons"},
            "network": {"weights": start and f"runs/photographs_starts/{start}"},
            "losses": {"matching_multiple": multiple},
            "training": {"continue_from": branch and f"runs/branches/{branch.path.name}/checkpoints/last.ckpt"},
        }
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        metrics = {
            "train/steps": 700, "limbs/f1_best": pairs, "val/keypoint_ap_50": owners / 2,
            "matcher/hungarian/keypoint_ap_50": 0.5, "matcher/greedy/keypoint_ap_50": 0.4,
        }  # fmt: skip
        if start:
            shares = ("coverage", "owner_accuracy", "contested_owner_accuracy", "owner_grouping")
            metrics |= {f"val/{name}": owners for name in shares}
        told = {"experiment": experiment, "variant": variant, "seed": seed, "metrics": metrics}
        (folder / "result.json").write_text(json.dumps(told))
        fold = (start or "twins")[:6]
        names = [f"{fold}-{place}" for place in range(_PICTURES)]
        noise = np.random.default_rng(0).normal(0, 0.02, _PICTURES)
        right = 1000 * (owners + noise)
        pixels = {"human": 1000, "labelled": 1000, "right": right, "contested": 1000, "contested_right": right}
        rows = pd.DataFrame({"name": names, "tags": "", "crowd": 1, **pixels})
        alone = pd.DataFrame({"name": ["alone"], "tags": "", "crowd": 0, **dict.fromkeys(pixels, 1e6)})
        pd.concat([rows, alone]).to_csv(folder / "media" / "per_picture.csv", index=False)
        joined = 100 * (pairs + noise)
        limbs = pd.DataFrame({"name": names, "price": "best", "right": joined, "false": 100 - joined})
        limbs["missed"] = limbs["false"]
        worse = limbs.assign(price="learned", right=0)
        pd.concat([worse, limbs]).to_csv(folder / "media" / "limb_pairs.csv", index=False)
        return Run(folder)

    return plant_run


@pytest.fixture
def starts():
    """The starts of the trainings on photographs."""
    return _STARTS


@pytest.fixture
def on_photographs(plant_arm):
    gains = {"none": 0.0, "affinities": 0.01, "paper": -0.1, "fenchel_young": 0.05, "hinge": 0.0, "shuffled": 0.0}
    return [
        plant_arm(PHOTOGRAPHS, name, 0.6 + gain + 0.001 * place, 0.7 + gain / 2, start)
        for place, start in enumerate(_STARTS)
        for name, gain in gains.items()
    ]


@pytest.fixture
def control(plant_arm):
    """Returns runs of the control, where Fenchel-Young gains so much over the affinities alone."""

    def plant_control(gain):
        shares = {"none": 0.5, "affinities": 0.6, "paper": 0.4, "fenchel_young": 0.6 + gain}
        return [
            plant_arm(CONTROL, name, pairs=share + 0.001 * seed, seed=seed)
            for name, share in shares.items()
            for seed in range(3)
        ]

    return plant_control
