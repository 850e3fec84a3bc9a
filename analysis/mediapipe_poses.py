"""Poses by MediaPipe (Apache 2.0), which finds one person a picture, as a COCO file for `mghp group --poses`.

    python -m venv other && other/bin/pip install mediapipe==0.10.14     # its model comes with the package
    other/bin/python analysis/mediapipe_poses.py photos --out poses.json
    mghp group parts --poses poses.json --images photos                  # parts: the maps of any model

It stands for every model that is not ours: such a file must hold what `coco_form` writes.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mediapipe
import numpy as np
from PIL import Image

KEYPOINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle",
)  # fmt: skip
"""COCO's, which are among MediaPipe's 33 landmarks by the same names."""

LEAST_VISIBILITY = 0.5
"""The least probability that a keypoint is seen, below which it is left out."""


Found = tuple[Path, tuple[int, int], list[float]]
"""A picture's file, its width and height, and x, y and visibility of each of the 17 keypoints; none for nobody."""


def poses(files: list[Path]) -> Iterator[Found]:
    """Yield what is found in each picture."""
    landmarks = mediapipe.solutions.pose.PoseLandmark
    with mediapipe.solutions.pose.Pose(static_image_mode=True, model_complexity=1) as model:
        for file in files:
            picture = Image.open(file).convert("RGB")
            found = model.process(np.asarray(picture)).pose_landmarks
            points = [found.landmark[landmarks[name.upper()]] for name in KEYPOINTS] if found else []
            yield file, picture.size, [value for point in points for value in _keypoint(point, picture.size)]


def _keypoint(point: Any, size: tuple[int, int]) -> tuple[float, float, int]:  # noqa: ANN401 (MediaPipe has no types)
    is_seen = point.visibility >= LEAST_VISIBILITY
    return (point.x * size[0], point.y * size[1], 2) if is_seen else (0.0, 0.0, 0)


def coco_form(found: Iterator[Found]) -> dict[str, Any]:
    """Return the pictures and their poses as a COCO-keypoint file."""
    content: dict[str, Any] = {"images": [], "annotations": [], "categories": [{"id": 1, "keypoints": KEYPOINTS}]}
    for number, (file, (width, height), keypoints) in enumerate(found, start=1):
        content["images"].append({"id": number, "file_name": file.name, "width": width, "height": height})
        if any(keypoints):
            person = {"id": number, "image_id": number, "category_id": 1, "keypoints": keypoints, "iscrowd": 0}
            content["annotations"].append(person)
    return content


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path, help="folder of pictures")
    parser.add_argument("--out", type=Path, default=Path("poses.json"))
    given = parser.parse_args()
    files = sorted(file for file in given.pictures.iterdir() if file.suffix.lower() in (".jpg", ".jpeg", ".png"))
    given.out.write_text(json.dumps(coco_form(poses(files))))
