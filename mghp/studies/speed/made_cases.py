"""Run folders of made-up cases, coloured squares, by which the gallery is tried and timed."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mghp.config.schema import Config
from mghp.gallery.cases import CAUSES, KINDS
from mghp.runs.folder import RunFolder

SIZE = 96
"""Pixels of a made picture's side."""

PERSONS = 4
"""Cases per picture."""

PARTS = {"head": "#aa4400", "left_arm": "#0044aa"}
"""Colours of the legend."""

TAGS = ("crossing", "dim", "small", "upside_down")


def made_run(config: Config, number: int, thumbnails: int = 2000, **about: Any) -> Path:  # noqa: ANN401 (values of JSON)
    """Write a run folder with cases.json and pictures.

    Args:
        config: config that tells where to, and the seed of the numbers.
        number: number of cases.
        thumbnails: largest number of different thumbnails.
        about: content of cases.json in place of the usual one.

    Returns:
        The run folder.
    """
    folder = RunFolder(config, f"made up, {number} cases")
    failures = folder.media / "failures"
    failures.mkdir(exist_ok=True)
    rng = np.random.default_rng(config.seed)
    cases = [made_case(failures, index, index % thumbnails, rng) for index in range(number)]
    content = {
        "schema": 1, "experiment": config.experiment, "variant": config.variant, "seed": config.seed,
        "commit": "0" * 40, "set": f"made up {number}", "score": "person IoU", "parts": PARTS,
        "cases": cases, **about,
    }  # fmt: skip
    (failures / "cases.json").write_text(json.dumps(content))
    folder.finish({})
    return folder.path


def made_case(folder: Path, index: int, thumbnail: int, rng: np.random.Generator) -> dict[str, Any]:
    """Return a case whose pictures are drawn into the folder; kinds and causes come in turn."""
    kind = list(KINDS)[index % len(KINDS)]
    right, spurious = kind == "right", kind == "spurious"
    score = float(rng.uniform(0.8, 1) if right else rng.uniform(0, 0.7))
    picture = f"{index // PERSONS:04d}"
    person = index % PERSONS
    return {
        "id": f"{picture}-{'p' if spurious else 't'}{person}",
        "picture": picture,
        "kind": kind,
        "cause": None if right else list(CAUSES)[index // len(KINDS) % len(CAUSES)],
        "tags": [tag for bit, tag in enumerate(TAGS) if index // PERSONS >> bit & 1],
        "score": score,
        "mended_score": None if right else score + 0.25,
        "true_person": None if spurious else person,
        "predicted_person": None if kind == "missed" else person,
        "images": _images(folder, index, thumbnail, rng),
        "size": [SIZE, SIZE],
        "box": [24 * person, 24, 24 * person + 24, 72],
        "limbs": [_limb(name, rng) for name in ("left_elbow-left_wrist", "right_elbow-right_wrist")],
    }


def _images(folder: Path, index: int, thumbnail: int, rng: np.random.Generator) -> dict[str, str]:
    names = {"thumbnail": f"thumbnail_{thumbnail:04d}.png"}
    if not (folder / names["thumbnail"]).exists():
        Image.fromarray(rng.integers(0, 256, (12, 12, 3), dtype=np.uint8)).save(folder / names["thumbnail"])
    for name in ("picture", "prediction_parts", "prediction_persons", "truth_parts", "truth_persons", "skeletons"):
        names[name] = f"{name}_{index % PERSONS}.png"
        if not (folder / names[name]).exists():
            overlay = np.zeros((SIZE, SIZE, 4), dtype=np.uint8)
            overlay[24:72, 24 * (index % PERSONS) : 24 * (index % PERSONS) + 24] = (*rng.integers(0, 256, 3), 160)
            overlay[..., 3] |= 255 * (name == "picture")
            Image.fromarray(overlay).save(folder / names[name])
    return names


def _limb(name: str, rng: np.random.Generator) -> dict[str, Any]:
    source, destination = rng.integers(2, 6, 2)
    affinity = rng.random((source, destination))
    return {
        "name": name,
        "source": _candidates(source, rng),
        "destination": _candidates(destination, rng),
        "affinity": affinity.round(4).tolist(),
        "assignment": (affinity == affinity.max(1, keepdims=True)).astype(float).tolist(),
        "joined": [[0, 0]],
        "true": [[0, 0], [1, 1]],
        "trace": {
            "step": list(range(1, 51)),
            "objective": [round(3 - 2 / step, 5) for step in range(1, 51)],
            "violation": [round(0.3 / step, 5) for step in range(1, 51)],
            "gap": [round(0.7 / step, 5) for step in range(1, 51)],
        },
    }


def _candidates(number: int, rng: np.random.Generator) -> list[list[float]]:
    rows: list[list[float]] = np.column_stack([rng.uniform(0, SIZE, (number, 2)), rng.random(number)]).round(3).tolist()
    return rows
