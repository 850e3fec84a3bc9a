"""DensePose-COCO: 14 parts from `dp_masks`, COCO's 17 keypoints, in the JSON files of 2014.

ROOT/annotations/densepose_coco_2014_SPLIT.json    or in ROOT itself; SPLIT: train, valminusminival, minival
ROOT/train2014/*.jpg, ROOT/val2014/*.jpg           the pictures of COCO 2014, or all in ROOT/images
"""

import reprlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.coco_skeleton import COCO_SKELETON
from mghp.anatomy.parts import IGNORE, Parts
from mghp.datasets.coco_json import read_coco
from mghp.datasets.coco_masks import annotated_box, annotated_mask, annotated_region, decoded_mask
from mghp.datasets.disk_samples import DiskSamples, Labels
from mghp.errors import InputError, inside

_PARTS = Parts(
    name="densepose_coco",
    names=(
        "torso", "right_hand", "left_hand", "left_foot", "right_foot", "right_upper_leg", "left_upper_leg",
        "right_lower_leg", "left_lower_leg", "left_upper_arm", "right_upper_arm", "left_lower_arm", "right_lower_arm",
        "head",
    ),
    # Warm colours are the person's right side, cool ones the left: a swapped side is seen at a glance.
    colours=(
        (120, 120, 128), (255, 196, 0), (0, 214, 214), (0, 112, 255), (214, 39, 40), (255, 127, 14), (44, 110, 160),
        (196, 78, 82), (90, 90, 214), (64, 192, 128), (247, 150, 120), (0, 150, 110), (190, 110, 30), (230, 170, 220),
    ),
)  # fmt: skip

DENSEPOSE_COCO = Anatomy(skeleton=COCO_SKELETON, parts=_PARTS)
"""Left and right are the person's own."""


class DensePoseCOCO(DiskSamples):
    """A split of DensePose-COCO: pictures with at least one person.

    A person's pixels without a part are not known; so are all pixels of a person whom nobody labelled, and of crowds,
    which are no persons: whose a pixel of theirs is, nobody told. A later person is on top of an earlier one.

    Args:
        root: the folder.
        split: as the JSON file is named.

    Raises:
        InputError: if the JSON file is missing or faulty.
    """

    anatomy = DENSEPOSE_COCO

    def __init__(self, root: Path, split: str) -> None:
        self.folder = root
        name = f"densepose_coco_2014_{split}.json"
        self.file = root / "annotations" / name if (root / "annotations" / name).exists() else root / name
        file = read_coco(self.file)
        self.of_image = file.of_image
        self.images = [
            image for image in file.images if not all(annotated.is_crowd for annotated in file.of_image[image["id"]])
        ]
        self.names = [Path(image["file_name"]).stem for image in self.images]
        self.form = ("densepose_coco", "crowds ignored", file.digest)

    def picture_file(self, index: int) -> Path:
        """Return the photograph, in the folder that its name tells."""
        name = Path(self.images[index]["file_name"]).name
        folders = [folder for folder in ("train2014", "val2014") if folder in name]
        candidates = [inside(self.folder / folder, name) for folder in (*folders, "images")]
        return next((file for file in candidates if file.exists()), candidates[0])

    def label_files(self, index: int) -> list[Path]:
        """Return no file: the labels of all pictures are in the JSON file."""
        return []

    def label_file(self, index: int) -> Path:
        """Return the JSON file, which tells the size of every picture."""
        return self.file

    def labels(self, index: int) -> Labels:
        """Return parts, persons and keypoints."""
        image = self.images[index]
        height, width = image["height"], image["width"]
        parts, ids = np.zeros((height, width), np.uint8), np.zeros((height, width), np.int16)
        crowds = np.zeros((height, width), bool)
        keypoints: list[NDArray[np.float32]] = []
        regions: dict[bool, list[list[float]]] = {False: [], True: []}  # of crowds or not
        for annotated in self.of_image[image["id"]]:
            annotation, where = annotated.content, annotated.where
            mask = annotated_mask(annotation, (height, width), where)
            regions[annotated.is_crowd].append(annotated_region(annotation, mask, where))
            if annotated.is_crowd:
                parts[mask & (ids == 0)] = IGNORE
                crowds |= mask
                continue
            labels = np.where(mask, IGNORE, 0).astype(np.uint8)
            if "dp_masks" in annotation:
                pasted = _pasted(annotation, height, width, where)
                labels[pasted > 0] = pasted[pasted > 0]
            pose = annotated.keypoints(self.anatomy.num_keypoints).astype(np.float32)
            keypoints.append(pose * (pose[:, 2:] > 0))
            parts[labels > 0], ids[labels > 0] = labels[labels > 0], len(keypoints)
        poses = np.stack(keypoints) if keypoints else np.zeros((0, self.anatomy.num_keypoints, 3), np.float32)
        boxes_and_areas = np.array([*regions[False], *regions[True]], np.float32).reshape(-1, 5)
        return Labels(parts, ids, poses, regions=boxes_and_areas, ignored_persons=crowds & (ids == 0))


def _pasted(annotation: dict[str, Any], height: int, width: int, where: str) -> NDArray[np.uint8]:
    """Return the labels (height, width) of `dp_masks`, which cover the box whatever their own size."""
    codes = annotation["dp_masks"]
    if not isinstance(codes, list) or len(codes) != len(DENSEPOSE_COCO.parts.names):
        raise InputError(f"{where}: dp_masks: expected {len(DENSEPOSE_COCO.parts.names)}, got {reprlib.repr(codes)}")
    left, top, wide, high = annotated_box(annotation.get("bbox"), (height, width), where)
    pasted = np.zeros((height, width), np.uint8)
    decoded = [(label + 1, decoded_mask(code, f"{where}: dp_masks")) for label, code in enumerate(codes) if code]
    if not decoded:
        return pasted
    in_box = np.zeros(decoded[0][1].shape, np.uint8)
    for label, mask in decoded:
        if mask.shape != in_box.shape:
            raise InputError(f"{where}: dp_masks: of {mask.shape[::-1]} and {in_box.shape[::-1]} pixels")
        in_box[mask > 0] = label
    resized = np.asarray(Image.fromarray(in_box).resize((wide, high), Image.Resampling.NEAREST))
    rows, columns = slice(max(0, top), min(height, top + high)), slice(max(0, left), min(width, left + wide))
    if rows.start < rows.stop and columns.start < columns.stop:
        pasted[rows, columns] = resized[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    return pasted
