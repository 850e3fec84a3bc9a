"""The photographs of a split whose licence lets them be shown, and their credits.

    python analysis/photograph_credits.py ../shared/data/coco_persons val val_shown.txt credits.md

writes the list that `evaluation.failure_pictures` takes, and a line of credit for each picture on it; so were written
experiments/parsing/folds/val_shown.txt and analysis/results/photographs/gallery_credits.md. Shown may be pictures under
attribution (BY), share alike (BY-SA) and no known restriction.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SHOWN = {4: "BY", 5: "BY-SA", 7: "no known restriction"}
"""The licences of pictures that may be shown, by COCO's number, and their words."""

ANNOTATIONS = "person_keypoints.json"
"""The file in the photographs' folder that tells their licences."""


def images_of(data: Path) -> dict[str, dict[str, Any]]:
    """Return what the annotations in a folder say of each picture, by its name."""
    content = json.loads((data / ANNOTATIONS).read_text(encoding="utf-8"))
    return {Path(image["file_name"]).stem: image for image in content["images"]}


def may_be_shown(image: dict[str, Any]) -> bool:
    """Return whether a picture's licence is one of `SHOWN`; a picture without a known one may not be shown."""
    return image.get("license") in SHOWN


def credits_of(images: Sequence[dict[str, Any]]) -> str:
    """Return a line a picture: where it comes from, and under which licence."""
    lines = [f"* {image['file_name']}: {image['flickr_url']}, {SHOWN[image['license']]}" for image in images]
    return (
        "Photographs by users of Flickr, from COCO val2017, with results drawn on them. An overlay on a BY-SA picture "
        "is BY-SA.\n\n" + "\n".join(lines) + "\n"
    )


def main() -> None:
    """Write the list and the credits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help=f"folder with {ANNOTATIONS} and the lists of splits")
    parser.add_argument("split", help="name of a list, without ending")
    parser.add_argument("list", type=Path, help="file of the pictures that may be shown")
    parser.add_argument("credits", type=Path, help="file of their credits")
    given = parser.parse_args()
    images = images_of(given.data)
    names = (given.data / f"{given.split}.txt").read_text(encoding="utf-8").split()
    shown = [name for name in names if may_be_shown(images[name])]
    given.list.write_text("\n".join(shown) + "\n", encoding="utf-8")
    given.credits.write_text(credits_of([images[name] for name in shown]), encoding="utf-8")


if __name__ == "__main__":
    main()
