"""Persons from the output of an exported parser, without mghp and without torch.

    mghp export runs/NAME/KEY --out parser.onnx
    python decode_exported.py parser.onnx street.jpg

writes street_parts.png, street_persons.png and street_poses.json into the working folder. Needs numpy, scipy, pillow
and onnxruntime. Each function below is one step from the program's outputs to persons; what the outputs are, and their
units, stands in the file itself (`about["outputs"]`), and so do all thresholds. Persons are those of `mghp predict`
with the program's matcher and its 16 candidates a keypoint type, on one scale and without tiles; keypoints that no limb
has brought (`assembly.read_missing_keypoints`) are left out.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession
from PIL import Image, ImageOps
from scipy.optimize import linear_sum_assignment

Array = NDArray[Any]
Outputs = dict[str, Array]
"""The program's outputs by name."""
About = dict[str, Any]
"""The program's description."""
End = tuple[int, int]
"""A keypoint type and the number of a candidate."""

KNOWN = {"growth": "limbs", "rounding": "hungarian", "grouping": "field"}
"""The rules of the assembly that stand below."""


def prepared(picture: Image.Image, about: About) -> tuple[Array, tuple[int, int]]:
    """Return a Pillow image as the program's input (1, 3, height, width), and its (height, width) before padding."""
    rule, longest = about["size"], max(picture.size)
    ratio = (rule["longest_side"] or min(rule["own_size_up_to"], longest)) / longest
    width, height = (max(1, round(side * ratio)) for side in picture.size)
    pixels = np.asarray(picture.convert("RGB").resize((width, height), Image.Resampling.BILINEAR))
    sides = [max(rule["least"], -(-side // rule["multiple"]) * rule["multiple"]) for side in (height, width)]
    padded = np.broadcast_to(np.array(about["grey"], np.uint8), (*sides, 3)).copy()
    padded[:height, :width] = pixels
    return padded.transpose(2, 0, 1)[None], (height, width)


def found_limbs(out: Outputs, about: About) -> list[tuple[float, End, End]]:
    """Return the matched pairs as (affinity, one end, other end), strongest first; an end is (keypoint, candidate)."""
    limbs, least = [], about["assembly"]["min_affinity"] or 0.0
    for (first, second), soft, affinity in zip(about["limbs"], out["assignment"][0], out["affinity"][0], strict=True):
        for source, destination in zip(*linear_sum_assignment(soft, maximize=True), strict=True):
            if soft[source, destination] > 0 and affinity[source, destination] >= least:
                limbs.append((affinity[source, destination], (first, source), (second, destination)))
    return sorted(limbs, key=lambda limb: -limb[0])


def poses(out: Outputs, about: About) -> Array:
    """Join limbs that share a keypoint: (person, keypoint, 3), x, y and confidence. A person has one of each type."""
    persons: dict[End, dict[int, int]] = {}
    for _, *ends in found_limbs(out, about):
        one, other = (persons.setdefault(end, dict([end])) for end in ends)
        if one is not other and all(one[kind] == other[kind] for kind in one.keys() & other.keys()):
            one.update(other)
            persons.update(dict.fromkeys(other.items(), one))
    distinct = {id(person): person for person in persons.values()}.values()
    kept = [person for person in distinct if len(person) >= about["assembly"]["min_keypoints"]]
    keypoints = np.zeros((len(kept), len(about["keypoints"]), 3))
    for row, person in enumerate(kept):
        for kind, candidate in person.items():
            keypoints[row, kind] = *out["positions"][0, kind, candidate], out["scores"][0, kind, candidate]
    return without_duplicates(keypoints, about)


def sizes(keypoints: Array, about: About) -> Array:
    """Return how large persons are, pixels: of the keypoints' box, or of the limbs, whichever is more."""
    there = keypoints[..., 2] > 0
    points = np.where(there[..., None], keypoints[..., :2], np.nan)
    box = np.sqrt(np.prod(np.nanmax(points, 1) - np.nanmin(points, 1), -1))
    first, second = np.transpose(about["limbs"])
    lengths = np.linalg.norm(points[:, first] - points[:, second], axis=-1) / about["limb_ratios"]
    middle = [np.sort(row[~np.isnan(row)])[: (np.sum(~np.isnan(row)) + 1) // 2][-1:] for row in lengths]  # lower median
    return np.maximum(np.maximum(box, [1.5 * row.sum() for row in middle]), 8)


def without_duplicates(keypoints: Array, about: About) -> Array:
    """Drop persons most of whose keypoints are a surer person's, or those of its other side."""
    largest = about["assembly"]["largest_similarity"]
    if largest is None or len(keypoints) < 2:
        return keypoints
    there, reach = keypoints[..., 2] > 0, np.sqrt(2) * np.array(about["sigmas"]) * sizes(keypoints, about)[:, None]

    def similarity(types: list[int]) -> Array:
        distance = np.linalg.norm(keypoints[:, None, :, :2] - keypoints[None, :, types, :2], axis=-1)
        return np.exp(-0.5 * (distance / reach) ** 2) * (there[:, None] & there[None, :, types])

    nearer = np.maximum(similarity(list(range(keypoints.shape[1]))), similarity(about["mirrored_keypoints"]))
    shared, kept = nearer.sum(-1) / there.sum(-1)[:, None], []
    for person in np.argsort(-keypoints[..., 2].sum(1), kind="stable"):
        if not kept or shared[person, kept].max() <= largest:
            kept.append(person)
    return keypoints[sorted(kept)]


def part_labels(out: Outputs, about: About, size: tuple[int, int]) -> Array:
    """Return the label of each pixel, (height, width): logits are interpolated between the cells' centres."""
    logits, stride = out["part_logits"][0], about["strides"]["parts"]
    for axis in (1, 2):
        place = ((np.arange(logits.shape[axis] * stride) + 0.5) / stride - 0.5).clip(0, logits.shape[axis] - 1)
        low, share = np.floor(place).astype(int), (place % 1).reshape(-1, *[1] * (2 - axis)).astype(np.float32)
        high = np.minimum(low + 1, logits.shape[axis] - 1)
        logits = logits.take(low, axis) * (1 - share) + logits.take(high, axis) * share
    return logits[:, : size[0], : size[1]].argmax(0)


def owners(out: Outputs, about: About, parts: Array, keypoints: Array) -> Array:
    """Give each human pixel to the person whose keypoint is nearest to where its cell's vector points: 0 is nobody."""
    if not len(keypoints):
        return np.zeros_like(parts)
    stride, field = about["strides"]["field"], out["projection"][0]
    rows, columns = (-(-side // stride) for side in parts.shape)
    y, x = stride * (np.indices((rows, columns)) + 0.5)
    landing = np.stack([x, y], -1) + np.moveaxis(field[:, :rows, :columns], 0, -1)
    scale = sizes(keypoints, about) if about["assembly"]["normalise_by_size"] else np.ones(len(keypoints))
    distances = [
        np.linalg.norm(landing[:, :, None] - person[person[:, 2] > 0, :2], axis=-1).min(-1) / size
        for person, size in zip(keypoints, scale, strict=True)
    ]
    limit = about["assembly"]["max_distance"] or np.inf
    cells = np.where(np.min(distances, 0) <= limit, np.argmin(distances, 0) + 1, 0)
    by_pixel = cells.repeat(stride, 0).repeat(stride, 1)[: parts.shape[0], : parts.shape[1]]
    return np.where(parts > 0, by_pixel, 0)


def decoded(out: Outputs, about: About, size: tuple[int, int]) -> tuple[Array, Array, Array]:
    """Return parts (height, width), person ids (height, width) and keypoints (person, keypoint, 3) of the outputs."""
    for key, known in KNOWN.items():
        if about["assembly"][key] != known:
            raise SystemExit(f"this script knows assembly.{key}={known} only, not {about['assembly'][key]}")
    keypoints, parts = poses(out, about), part_labels(out, about, size)
    return parts, owners(out, about, parts, keypoints), keypoints


def run(session: InferenceSession, picture: Image.Image) -> tuple[tuple[Array, Array, Array], About]:
    """Return `decoded` of a Pillow image, in pixels of the size at which it was parsed, and the description."""
    about = {key: json.loads(value) for key, value in session.get_modelmeta().custom_metadata_map.items()}
    image, size = prepared(picture, about)
    names = [output.name for output in session.get_outputs()]
    return decoded(dict(zip(names, session.run(None, {"image": image}), strict=True)), about, size), about


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit("usage: python decode_exported.py PARSER.onnx PICTURE")
    with Image.open(sys.argv[2]) as opened:
        upright = ImageOps.exif_transpose(opened)
    (parts, person_ids, keypoints), about = run(InferenceSession(sys.argv[1]), upright)
    stem = Path(sys.argv[2]).stem
    for name, labels in (("parts", parts), ("persons", person_ids)):
        image = Image.fromarray(labels.astype(np.uint8)).resize(upright.size, Image.Resampling.NEAREST)
        image.save(f"{stem}_{name}.png")
    poses_in_picture = keypoints * [upright.width / parts.shape[1], upright.height / parts.shape[0], 1]
    named = [dict(zip(about["keypoints"], person, strict=True)) for person in poses_in_picture.round(2).tolist()]
    Path(f"{stem}_poses.json").write_text(json.dumps(named, indent=1))
    print(f"{len(keypoints)} persons, parsed at {parts.shape[1]}x{parts.shape[0]}")
