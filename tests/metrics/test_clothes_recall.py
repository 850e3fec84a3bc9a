"""The script beside the package counts what humans outlined and a parser found."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from mghp.datasets.densepose_coco import DENSEPOSE_COCO

CLOTHES = [
    "null", "boots", "clogs", "flats", "glasses", "hair", "hat", "heels", "jeans", "leggings", "loafers", "pants",
    "pumps", "sandals", "shirt", "shoes", "shorts", "sneakers", "stockings", "sunglasses", "tights", "wedges",
]  # fmt: skip


def test_pixels_of_clothes_that_tell_their_part_are_counted(checkout, tmp_path):
    for name in ("predicted", "labels59"):
        (tmp_path / name).mkdir()
    parts = ["background", *DENSEPOSE_COCO.parts.names]
    pixels = [  # what a human outlined, and what was found there
        ("hair", "head"), ("hat", "background"), ("sunglasses", "head"), ("glasses", "torso"),
        ("jeans", "left_upper_leg"), ("shorts", "right_lower_leg"), ("tights", "left_foot"), ("pants", "torso"),
        ("shoes", "right_foot"), ("boots", "left_lower_leg"), ("heels", "right_upper_leg"), ("wedges", "background"),
        ("shirt", "head"), ("null", "head"),
    ]  # fmt: skip
    found = np.array([[parts.index(part) for _, part in pixels]], np.uint8)
    worn = np.array([[CLOTHES.index(name) for name, _ in pixels]], np.uint8)
    Image.fromarray(found).save(tmp_path / "predicted" / "0001_parts.png")
    Image.fromarray(worn).save(tmp_path / "labels59" / "0001.png")
    (tmp_path / "predicted" / "poses.json").write_text(
        json.dumps({"categories": [{"id": 1, "parts": list(DENSEPOSE_COCO.parts.names)}]})
    )
    (tmp_path / "label_list.json").write_text(json.dumps(CLOTHES))
    (tmp_path / "val.txt").write_text("0001\n")
    process = subprocess.run(
        [sys.executable, checkout / "analysis" / "clothes_recall.py", "predicted", "labels59", "--list", "val.txt"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert process.stdout.splitlines() == ["head: 50.0 %", "legs: 75.0 %", "shoes: 50.0 %"], process.stderr


def test_the_names_are_those_of_the_dataset(checkout):
    file = checkout.parent / "shared" / "data" / "ccp" / "label_list.json"
    if not file.exists():
        pytest.skip(f"{file} is not there")
    assert set(CLOTHES) <= set(json.loads(file.read_text()))
