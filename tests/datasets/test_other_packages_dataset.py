"""The dataset of CONTRIBUTING.md, installed by another package, and added to a copy of this one."""

import json
import os
import shutil

import numpy as np
import official_layouts as layouts
import pytest
import torch
from PIL import Image

from mghp import HumanParser
from mghp.config.dataset_names import DATASETS
from mghp.datasets.pictures import load_pictures
from mghp.errors import InputError
from mghp.evaluation.evaluate import run_evaluation
from mghp.evaluation.train import run_training
from mghp.inference.predict import predict
from mghp.runs.read import Run
from mghp.studies.parsing.tables import SCENE, TRAININGS

NAME = "sticks"
COLOURS = [(230, 170, 220), (64, 192, 128)]


def nothing(*_):
    """No progress to show."""


def write_pictures(root):
    """Six pictures of two sizes: four to train on, two to validate on."""
    made = layouts.made_pictures(6, 3, 17, size=64)
    for split, pictures in (("train", made[:4]), ("val", made[4:])):
        for picture in pictures:
            layouts.save(root / split / f"{picture.name}.jpg", picture.image)
            layouts.save(root / split / f"{picture.name}_parts.png", picture.parts)
            layouts.save(root / split / f"{picture.name}_persons.png", picture.person_ids.astype(np.uint8))


@pytest.fixture
def snippet(snippet_of):
    """The module that CONTRIBUTING.md shows."""
    return snippet_of("Adding a dataset")


@pytest.fixture
def installed(install, snippet):
    """The folder of the package; its dataset lies in root/."""
    folder = install(DATASETS, NAME, "stick_figures", snippet)
    write_pictures(folder / "root")
    return folder


@pytest.fixture
def config(installed, small_config):
    torch.set_num_threads(1)
    return small_config(
        f"data.name={NAME}", f"data.root={installed / 'root'}", f"runs={installed / 'runs'}", "data.longest_side=56",
        "data.augmentation.crop=48", "data.loader.batch_size=2", "trainer.max_steps=2", "trainer.precision=32-true",
        "assembly.max_peaks=4",
    )  # fmt: skip


def test_an_installed_dataset_is_trained_on_scored_and_named(config, installed):
    assert DATASETS.names[-1] == NAME
    trained = run_training(config, *load_pictures(config.data, nothing))
    evaluated = run_evaluation(trained, [], nothing)
    metrics = json.loads((evaluated / "result.json").read_text())["metrics"]
    assert metrics["oracle/true_parts/mean_iou"] > 0.7
    table = TRAININGS.filled([Run(trained), Run(evaluated)])
    assert [row[SCENE] for row in table.rows] == ["Stick figures"]

    parser = HumanParser(trained / "checkpoints" / "last.ckpt")
    assert parser.people.parts.names == ("head", "body")
    predict(parser, [installed / "root" / "val" / "5.jpg"], installed / "out", nothing, nothing)
    with Image.open(installed / "out" / "5_parts.png") as parts:
        assert parts.getpalette()[:9] == [0, 0, 0, *COLOURS[0], *COLOURS[1]]


def test_an_installed_dataset_is_checked_by_the_command(installed, mghp):
    (installed / "check.yaml").write_text(f"data: {{name: {NAME}, root: root}}\n")
    path = os.pathsep.join([str(installed), os.environ.get("PYTHONPATH", "")])
    process = mghp("data", "check", "check.yaml", folder=installed, PYTHONPATH=path)
    assert process.returncode == 0, process.stderr
    assert "| train | 4 |" in process.stdout
    assert "| val | 2 |" in process.stdout
    assert process.stdout.strip().endswith("no fault")
    (installed / "root" / "val" / "5_parts.png").write_bytes(b"")
    process = mghp("data", "check", "check.yaml", folder=installed, PYTHONPATH=path)
    assert process.returncode == 1
    assert "5_parts.png" in process.stdout


def test_a_config_without_the_package_is_one_line(small_config):
    with pytest.raises(InputError, match=r"^data\.name: no dataset 'sticks'; "):
        small_config(f"data.name={NAME}")


def test_three_files_add_a_dataset_to_this_package(snippet, checkout, tmp_path, mghp):
    shutil.copytree(checkout / "mghp", tmp_path / "mghp")
    write_pictures(tmp_path / "root")
    module, _, _ = snippet.partition("\nDATASETS.add(")
    (tmp_path / "mghp" / "datasets" / "sticks.py").write_text(f'"""Stick figures."""\n\n{module}')
    registry = tmp_path / "mghp" / "config" / "dataset_names.py"
    entry = 'DatasetEntry("sticks", "mghp.datasets.sticks:Sticks", "Stick figures"),'
    registry.write_text(registry.read_text().replace("):  # fmt: skip", f"    {entry}\n):  # fmt: skip"))
    (tmp_path / "sticks.yaml").write_text("data: {name: sticks, root: root}\n")
    process = mghp("data", "check", "sticks.yaml", folder=tmp_path, PYTHONPATH=tmp_path)
    assert process.returncode == 0, process.stderr
    assert "| train | 4 |" in process.stdout
    assert "| val | 2 |" in process.stdout
    assert process.stdout.strip().endswith("no fault")
