"""The script beside the package writes a file that grouping reads, whatever model it stands for."""

import json
import sys
from enum import IntEnum
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from mghp.inference.given_persons import JsonPersons, poses_reader

# Some of the 33 landmarks in the order of MediaPipe: more than those of COCO, and sorted otherwise.
NAMES = (
    "NOSE", "LEFT_EYE_INNER", "LEFT_EYE", "RIGHT_EYE", "LEFT_EAR", "RIGHT_EAR", "MOUTH_LEFT", "LEFT_SHOULDER",
    "RIGHT_SHOULDER", "LEFT_ELBOW", "RIGHT_ELBOW", "LEFT_WRIST", "RIGHT_WRIST", "LEFT_HIP", "RIGHT_HIP", "LEFT_KNEE",
    "RIGHT_KNEE", "LEFT_ANKLE", "RIGHT_ANKLE",
)  # fmt: skip
Landmark = IntEnum("Landmark", {name: place for place, name in enumerate(NAMES)})


class Pose:
    """Finds nobody in a black picture, else landmarks at places that their numbers tell, all seen but the nose."""

    def __init__(self, **options):
        assert options["static_image_mode"]  # else a picture would be tracked from the one before

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def process(self, picture):
        if not picture.any():
            return SimpleNamespace(pose_landmarks=None)
        points = [SimpleNamespace(x=0.01 * k, y=0.02 * k, visibility=0.9 if k else 0.4) for k in range(len(NAMES))]
        return SimpleNamespace(pose_landmarks=SimpleNamespace(landmark=points))


@pytest.fixture
def poses_script(script, monkeypatch):
    pose = SimpleNamespace(PoseLandmark=Landmark, Pose=Pose)
    monkeypatch.setitem(sys.modules, "mediapipe", SimpleNamespace(solutions=SimpleNamespace(pose=pose)))
    return script("mediapipe_poses")


def test_grouping_reads_the_poses_by_the_pictures_names(poses_script, tmp_path):
    for name, grey in (("street", 200), ("night", 0)):
        Image.fromarray(np.full((50, 100, 3), grey, np.uint8)).save(tmp_path / f"{name}.png")
    file = tmp_path / "poses.json"
    file.write_text(json.dumps(poses_script.coco_form(poses_script.poses(sorted(tmp_path.glob("*.png"))))))
    persons = JsonPersons("poses", file, poses_reader(17))
    assert persons.of("night", (50, 100))["poses"].shape == (0, 17, 3)
    (pose,) = persons.of("street", (50, 100))["poses"]
    names = [name.lower() for name in NAMES]
    assert np.all(pose[0] == 0)  # the nose, which was not seen
    for row, name in enumerate(poses_script.KEYPOINTS[1:], start=1):
        place = names.index(name)
        assert pose[row, :2] == pytest.approx([100 * 0.01 * place, 50 * 0.02 * place])
        assert pose[row, 2] > 0
