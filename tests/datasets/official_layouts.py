"""Made-up labels written as the official archives hold them."""

import json
from dataclasses import dataclass

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask
from scipy.io import savemat

from mghp.datasets.synthetic import SCENES, render

POSE_FILE_ROWS = 20


@dataclass
class Made:
    """One picture's labels as a loader should return them."""

    name: str
    image: np.ndarray
    parts: np.ndarray
    person_ids: np.ndarray
    keypoints: np.ndarray


def made_pictures(number, num_labels, num_keypoints, seed=5, size=64):
    """Rendered people, their 14 parts given to the dataset's labels, keypoints put on their own pixels."""
    rng = np.random.default_rng(seed)
    pictures = []
    for index in range(number):
        sample = render(SCENES["default"], index, seed=seed, size=size)
        labels = np.concatenate([[0], 1 + np.arange(14) % (num_labels - 1)]).astype(np.uint8)
        height = size - 4 * (index % 2)  # no square, and of several sizes
        parts, ids = labels[sample.parts[:height]], sample.person_ids[:height]
        ids = np.where(parts > 0, ids, 0)
        persons = [person for person in np.unique(ids) if person]
        ids = np.searchsorted([0, *persons], ids).astype(np.int16)
        keypoints = np.zeros((len(persons), num_keypoints, 3), np.float32)
        for person in range(len(persons)):
            rows, columns = np.nonzero(ids == person + 1)
            chosen = rng.integers(len(rows), size=num_keypoints)
            keypoints[person] = np.stack([columns[chosen] + 0.5, rows[chosen] + 0.5, np.full(num_keypoints, 2)], 1)
            keypoints[person, -1] = 0
        pictures.append(Made(str(index + 1), sample.image[:height], parts, ids, keypoints))
    return pictures


def save(file, array):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(file)


def write_list(file, names):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{name}\n" for name in names))


def write_mhp_v2(root, pictures, split="val", pose_order=lambda number: np.arange(number)):
    """`pose_order`: for each pose file, which person is person_0, person_1, ..."""
    for picture in pictures:
        save(root / split / "images" / f"{picture.name}.jpg", picture.image)
        number = len(picture.keypoints)
        for person in range(number):
            mask = np.zeros((*picture.parts.shape, 3), np.uint8)
            mask[..., 0] = np.where(picture.person_ids == person + 1, picture.parts, 0)
            save(root / split / "parsing_annos" / f"{picture.name}_{number:02d}_{person + 1:02d}.png", mask)
        poses = {}
        for position, person in enumerate(pose_order(number)):
            rows = np.zeros((POSE_FILE_ROWS, 3))
            rows[:16] = picture.keypoints[person]
            rows[:16, 2] = 2 - rows[:16, 2]
            poses[f"person_{position}"] = rows
        file = root / split / "pose_annos" / f"{picture.name}.mat"
        file.parent.mkdir(parents=True, exist_ok=True)
        savemat(file, poses)
    write_list(root / "list" / f"{split}.txt", [picture.name for picture in pictures])


def write_cihp(root, pictures, split="val"):
    folder = root / {"train": "Training", "val": "Validation"}[split]
    for picture in pictures:
        save(folder / "Images" / f"{picture.name}.jpg", picture.image)
        save(folder / "Category_ids" / f"{picture.name}.png", picture.parts)
        save(folder / "Human_ids" / f"{picture.name}.png", picture.person_ids.astype(np.uint8))
    write_list(root / f"{split}_id.txt", [picture.name for picture in pictures])


def write_pascal_maps(root, pictures, split="val"):
    for picture in pictures:
        save(root / "JPEGImages" / f"{picture.name}.jpg", picture.image)
        save(root / "pascal_person_part_gt" / f"{picture.name}.png", picture.parts)
        save(root / "Human_ids" / f"{picture.name}.png", picture.person_ids.astype(np.uint8))
    lines = [f"/JPEGImages/{p.name}.jpg /pascal_person_part_gt/{p.name}.png" for p in pictures]
    write_list(root / "pascal_person_part_trainval_list" / f"{split}.txt", lines)


def write_pascal_part(root, pictures, part_name):
    """.mat files with a horse beside the people; `part_name`: PASCAL-Part's name of a label."""
    objects_type = [("class", "O"), ("class_ind", "O"), ("mask", "O"), ("parts", "O")]
    parts_type = [("part_name", "O"), ("mask", "O")]
    for picture in pictures:
        save(root / "JPEGImages" / f"{picture.name}.jpg", picture.image)
        objects = [("horse", 13, np.ones(picture.parts.shape, np.uint8), np.zeros((0, 0)))]
        for person in range(len(picture.keypoints)):
            mask = picture.person_ids == person + 1
            labels = np.unique(picture.parts[mask])
            parts = np.array(
                [(part_name(label), (mask & (picture.parts == label)).astype(np.uint8)) for label in labels], parts_type
            )
            objects.append(("person", 15, mask.astype(np.uint8), parts.reshape(1, -1)))
        annotation = np.empty((1, len(objects)), objects_type)
        for position, entry in enumerate(objects):
            annotation[0, position] = entry
        file = root / "Annotations_Part" / f"{picture.name}.mat"
        file.parent.mkdir(parents=True, exist_ok=True)
        savemat(file, {"anno": {"imname": picture.name, "objects": annotation}})


def write_joints(file, pictures):
    annotations = [
        {"image_id": number, "keypoints": pose.ravel().tolist()}
        for number, picture in enumerate(pictures)
        for pose in picture.keypoints[::-1]  # in another order than the masks
    ]
    content = {
        "images": [
            {"id": number, "file_name": f"{p.name}.jpg", "width": p.parts.shape[1], "height": p.parts.shape[0]}
            for number, p in enumerate(pictures)
        ],
        "annotations": [{"id": number, **annotation} for number, annotation in enumerate(annotations)],
    }
    file.write_text(json.dumps(content))


def run_lengths(mask):
    code = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {"size": [int(side) for side in code["size"]], "counts": code["counts"].decode()}


def write_densepose(root, pictures, split="minival"):
    """`dp_masks` as large as their box, so that pasting them changes nothing."""
    images, annotations = [], []
    for number, picture in enumerate(pictures):
        name = f"COCO_val2014_{number:012d}"
        picture.name = name
        save(root / "val2014" / f"{name}.jpg", picture.image)
        height, width = picture.parts.shape
        images.append({"id": number, "file_name": f"{name}.jpg", "height": height, "width": width})
        for person in range(len(picture.keypoints)):
            mask = picture.person_ids == person + 1
            rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
            box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
            parts = [(mask & (picture.parts == label))[box] for label in range(1, 15)]
            annotations.append(
                {
                    "id": len(annotations), "image_id": number, "category_id": 1, "iscrowd": 0,
                    "bbox": [int(columns[0]), int(rows[0]), len(parts[0][0]), len(parts[0])],
                    "segmentation": run_lengths(mask),
                    "keypoints": picture.keypoints[person].ravel().tolist(),
                    "dp_masks": [run_lengths(part) if part.any() else [] for part in parts],
                }
            )  # fmt: skip
    root.mkdir(parents=True, exist_ok=True)
    content = {"images": images, "annotations": annotations}
    (root / f"densepose_coco_2014_{split}.json").write_text(json.dumps(content))
