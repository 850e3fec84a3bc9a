"""The weights that come with the package: without a checkpoint, an account or a network."""

import json
import tomllib

import numpy as np
import pytest
from PIL import Image

from mghp import HumanParser
from mghp.datasets.synthetic import SCENES, render
from mghp.parsing.checkpoint_places import SHIPPED_FILE

LARGEST = 12e6
"""The largest file, bytes."""


@pytest.fixture(scope="module")
def parser():
    return HumanParser()


def test_weights_card_and_licence_lie_together_and_are_small():
    folder = SHIPPED_FILE.parent
    assert {file.name for file in folder.iterdir()} == {"photographs.ckpt", "MODEL_CARD.md", "LICENSE"}
    assert SHIPPED_FILE.stat().st_size < LARGEST
    assert "non-commercial" in (folder / "LICENSE").read_text()
    assert "not for decisions about people" in (folder / "MODEL_CARD.md").read_text().lower()


def test_the_wheel_takes_them_along_under_a_licence_of_their_own(checkout):
    project = tomllib.loads((checkout / "pyproject.toml").read_text())
    assert "parsing/weights/*" in project["tool"]["setuptools"]["package-data"]["mghp"]
    assert project["project"]["license"] == "Apache-2.0 AND LicenseRef-mghp-weights"
    assert "mghp/parsing/weights/LICENSE" in project["project"]["license-files"]


def test_a_picture_is_parsed_at_the_size_that_was_chosen_and_says_so(parser):
    sample = render(SCENES["default"], 0, seed=1, size=96)
    found = parser(sample.image[:72])
    assert found.parsed_size == (480, 640)
    assert found.parts.shape == (72, 96)
    assert found.names[14] == "head"
    assert len(found.keypoint_names) == 17


def test_photographs_are_covered_and_persons_found(parser, checkout):
    """Far from a measurement: weights of nothing would fail it."""
    data = checkout.parent / "shared" / "data" / "coco_persons"
    if not data.is_dir():
        pytest.skip(f"{data} is not there")
    names = (data / "val.txt").read_text().split()[:8]
    human = covered = persons = 0
    for name in names:
        found = parser(data / "images" / f"{name}.jpg")
        ids = np.asarray(Image.open(data / "human_ids" / f"{name}.png"))
        true = (ids > 0) & (ids < 255)
        human, covered = human + true.sum(), covered + (true & (found.parts > 0)).sum()
        persons += len(found) > 0
    assert covered > 0.7 * human
    assert persons > 0.7 * len(names)


def test_the_command_needs_no_checkpoint(mghp, tmp_path):
    Image.fromarray(render(SCENES["default"], 0, seed=1, size=96).image).save(tmp_path / "street.png")
    process = mghp("predict", "street.png", folder=tmp_path)
    assert process.returncode == 0, process.stderr
    (category,) = json.loads((tmp_path / "predictions" / "poses.json").read_text())["categories"]
    assert len(category["parts"]) == 14


def test_the_readme_s_lines_run(parser, checkout, tmp_path, monkeypatch):
    text = (checkout / "README.md").read_text().partition("from mghp import HumanParser")
    code = text[1] + text[2].partition("```")[0]
    monkeypatch.chdir(tmp_path)
    Image.fromarray(render(SCENES["default"], 0, seed=1, size=96).image).save("street.jpg")
    names: dict = {}
    exec(compile(code, "README.md", "exec"), names)
    assert len(names["found"].persons) == len(parser("street.jpg"))
    assert {"street_parts.png", "street_overlay.png", "street.json"} <= {
        file.name for file in tmp_path.glob("street/*")
    }


def test_the_card_s_numbers_are_those_of_the_report(checkout):
    card = (SHIPPED_FILE.parent / "MODEL_CARD.md").read_text()
    report = checkout / "analysis" / "results" / "report"
    rows = [
        [cell.strip() for cell in line.split("|")]
        for name in ("photographs", "photographs_parts")
        for line in (report / f"{name}.md").read_text().splitlines()
        if "photographs_shipped, averaged" in line
    ]
    told = {
        tuple(cell.strip() for cell in line.split("|")[2:4])
        for line in card.splitlines()
        if line.startswith("| ") and "[" in line
    }
    assert len(told) == 5
    for crowds, singles in told:
        assert any(row[2] == "crowds" and crowds in row for row in rows), crowds
        assert any(row[2] == "singles" and singles in row for row in rows), singles
