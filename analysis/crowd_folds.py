"""Lists of crowds that two folds of photographs are tested on, drawn by a seed.

    python analysis/crowd_folds.py ../shared/data/coco_persons experiments/parsing/folds

A crowd is a picture with two and more persons of five and more keypoints. Fold A is tested on those of `val`, fold B on
as many of `train`'s; it trains on `val` in their place.
"""

import argparse
import json
import random
from collections import Counter
from pathlib import Path

KEYPOINTS = 5
"""The least number of keypoints of a person who counts."""


def crowds(data: Path, split: str) -> list[str]:
    """Return the names of a split's crowds, in the order of its list."""
    content = json.loads((data / "person_keypoints.json").read_text())
    persons = Counter(
        one["image_id"]
        for one in content["annotations"]
        if not one.get("iscrowd") and sum(v > 0 for v in one.get("keypoints", [])[2::3]) >= KEYPOINTS
    )
    number_of = {Path(image["file_name"]).stem: image["id"] for image in content["images"]}
    return [name for name in (data / f"{split}.txt").read_text().split() if persons[number_of[name]] > 1]


def folds(data: Path, seed: int = 0) -> dict[str, list[str]]:
    """Return the pictures that each fold is tested on, by the name of its list: as many in both."""
    val = crowds(data, "val")
    return {"val_crowds": val, "train_crowds": sorted(random.Random(seed).sample(crowds(data, "train"), len(val)))}


def main() -> None:
    """Write the lists."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path, help="folder of the photographs and their annotations")
    parser.add_argument("out", type=Path, help="folder of the lists")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, pictures in folds(arguments.data).items():
        (arguments.out / f"{name}.txt").write_text("\n".join(pictures) + "\n")


if __name__ == "__main__":
    main()
