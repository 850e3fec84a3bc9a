"""DensePose-COCO: parts from `dp_masks`, 17 keypoints, in the JSON files of 2014.

ROOT/annotations/densepose_coco_2014_SPLIT.json    or in ROOT itself; SPLIT: train, valminusminival, minival
ROOT/train2014/*.jpg, ROOT/val2014/*.jpg           the pictures of COCO 2014, or all in ROOT/images
"""

import hashlib
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as coco_mask

from mghp.data.coco_json import read_coco
from mghp.data.disk_samples import DiskSamples, Labels
from mghp.errors import InputError
from mghp.people.densepose_coco import DENSEPOSE_COCO
from mghp.people.parts import IGNORE


class DensePoseCOCO(DiskSamples):
    """A split of DensePose-COCO: pictures with at least one person.

    A person's pixels without a part are not known; so are all pixels of a person whom nobody labelled, and of crowds,
    which are no persons. A later person is on top of an earlier one.

    Args:
        root: the folder.
        split: as the JSON file is named.

    Raises:
        InputError: if the JSON file is missing or faulty.
    """

    people = DENSEPOSE_COCO

    def __init__(self, root: Path, split: str) -> None:
        self.root = root
        name = f"densepose_coco_2014_{split}.json"
        self.file = root / "annotations" / name if (root / "annotations" / name).exists() else root / name
        content = read_coco(self.file)
        self.of_image: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        for annotation in content["annotations"]:
            self.of_image[annotation["image_id"]].append(annotation)
        self.images = [image for image in content["images"] if self.of_image[image["id"]]]
        self.names = [Path(str(image["file_name"])).stem for image in self.images]
        self.fingerprint = hashlib.sha256(f"densepose {split} {self.names}".encode()).hexdigest()[:16]

    def picture_file(self, index: int) -> Path:
        """The photograph, in the folder that its name tells."""
        name = Path(str(self.images[index]["file_name"])).name
        folders = [folder for folder in ("train2014", "val2014") if folder in name]
        candidates = [self.root / folder / name for folder in (*folders, "images")]
        return next((file for file in candidates if file.exists()), candidates[0])

    def labels(self, index: int) -> Labels:
        """Parts, persons and keypoints."""
        image = self.images[index]
        height, width = int(image["height"]), int(image["width"])
        parts, ids = np.zeros((height, width), np.uint8), np.zeros((height, width), np.int16)
        keypoints: list[NDArray[np.float32]] = []
        for annotation in self.of_image[image["id"]]:
            where = f"{self.file}: annotation {annotation['id']}"
            mask = _person_mask(annotation, height, width, where)
            if annotation.get("iscrowd"):
                parts[mask & (ids == 0)] = IGNORE
                continue
            labels = np.where(mask, IGNORE, 0).astype(np.uint8)
            if "dp_masks" in annotation:
                pasted = _pasted(annotation, height, width, where)
                labels[pasted > 0] = pasted[pasted > 0]
            keypoints.append(_keypoints(annotation, self.people.num_keypoints, where))
            parts[labels > 0], ids[labels > 0] = labels[labels > 0], len(keypoints)
        poses = np.stack(keypoints) if keypoints else np.zeros((0, self.people.num_keypoints, 3), np.float32)
        return Labels(parts, ids, poses)


def _person_mask(annotation: dict[str, Any], height: int, width: int, where: str) -> NDArray[np.bool_]:
    """From polygons or a run-length code; empty where neither is given."""
    segmentation = annotation.get("segmentation") or []
    if not segmentation:
        return np.zeros((height, width), bool)
    try:
        if isinstance(segmentation, dict):
            code = segmentation
            if isinstance(code["counts"], list):
                code = coco_mask.frPyObjects(code, height, width)
        else:
            code = coco_mask.merge(coco_mask.frPyObjects(segmentation, height, width))
        mask: NDArray[np.bool_] = coco_mask.decode(code).astype(bool)
    except Exception as error:  # pycocotools raises whatever the numbers lead to
        raise InputError(f"{where}: segmentation: {' '.join(str(error).split())[:100]}") from None
    if mask.shape != (height, width):
        raise InputError(f"{where}: segmentation of {mask.shape[::-1]} pixels in a picture of {(width, height)}")
    return mask


def _pasted(annotation: dict[str, Any], height: int, width: int, where: str) -> NDArray[np.uint8]:
    """`dp_masks` (of the box, whatever their own size) in the picture: (height, width) labels."""
    masks, box = annotation["dp_masks"], annotation.get("bbox", [])
    if len(masks) != len(DENSEPOSE_COCO.parts.names) or len(box) != 4:
        raise InputError(f"{where}: {len(masks)} dp_masks and a box of {len(box)}; expected 14 and 4")
    pasted = np.zeros((height, width), np.uint8)
    try:
        decoded = [(label + 1, coco_mask.decode(code)) for label, code in enumerate(masks) if code]
    except Exception as error:  # pycocotools raises whatever the bytes lead to
        raise InputError(f"{where}: dp_masks: {' '.join(str(error).split())[:100]}") from None
    if not decoded:
        return pasted
    in_box = np.zeros(decoded[0][1].shape, np.uint8)
    for label, mask in decoded:
        in_box[mask > 0] = label
    left, top = round(box[0]), round(box[1])
    wide, high = max(1, round(box[0] + box[2]) - left), max(1, round(box[1] + box[3]) - top)
    resized = np.asarray(Image.fromarray(in_box).resize((wide, high), Image.Resampling.NEAREST))
    rows, columns = slice(max(0, top), min(height, top + high)), slice(max(0, left), min(width, left + wide))
    pasted[rows, columns] = resized[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    return pasted


def _keypoints(annotation: dict[str, Any], number: int, where: str) -> NDArray[np.float32]:
    values = annotation.get("keypoints", [0] * (3 * number))
    if len(values) != 3 * number:
        raise InputError(f"{where}: {len(values)} numbers in keypoints; expected {3 * number}")
    keypoints = np.asarray(values, np.float32).reshape(number, 3)
    kept: NDArray[np.float32] = keypoints * (keypoints[:, 2:] > 0)
    return kept
