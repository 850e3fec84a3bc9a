"""How hard the rendered pictures are without any model, as `mghp data render` has measured."""

import json
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "analysis" / "results" / "parsing"

_COLUMNS = {
    "pictures": "pictures", "persons_per_picture": "persons a picture", "box_overlap": "overlap of boxes",
    "keypoints_visible": "keypoints visible", "human_pixels": "human pixels",
    "nearest_keypoint_grouping": "grouping by the nearest true keypoint",
}  # fmt: skip


_ABOUT = (
    "Measured before anything was trained. The last four columns are shares from 0 to 1: how much a person's box "
    "overlaps another's (the largest IoU, in the mean over persons), how many of the annotated keypoints are visible, "
    "how much of a picture is human, and how many human pixels get the right person if each goes to the nearest true "
    "keypoint."
)


def difficulty() -> str:
    """Return a section with a table, a row a scene, and a sheet of pictures of each."""
    files = sorted(FOLDER.glob("pictures_difficulty_*.json"))
    scenes = {file.stem.rpartition("_")[2]: json.loads(file.read_text(encoding="utf-8")) for file in files}
    columns = " | ".join(_COLUMNS.values())
    head = [f"| scene | {columns} |", "| --- |" + " ---: |" * len(_COLUMNS)]
    rows = [_row(name, told) for name, told in scenes.items()]
    table = ['<div class="table" tabindex="0" markdown>', "", *head, *rows, "", "</div>"]
    return "\n".join(["## How hard are the pictures?", "", _ABOUT, "", *table, "", *map(_sheet, scenes), ""])


def _row(scene: str, told: dict[str, float]) -> str:
    numbers = " | ".join(f"{told[key]:.3g}" for key in _COLUMNS)
    return f"| `{scene}` | {numbers} |"


def _sheet(scene: str) -> str:
    place = f"../../analysis/results/parsing/pictures_validation_{scene}.png"
    return f"[![Pictures of scene {scene}]({place})]({place})\n\n*Scene `{scene}`: pictures and their true parts.*\n"
