"""The file of `mghp data problems`: arrays of all pictures, one after the other, and a header in JSON."""

import functools
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mghp.arrays import arrays_of, check_shapes
from mghp.errors import InputError, existing_file
from mghp.problems.predicted_candidates import Doubt, PictureCandidates, PredictedCandidates
from mghp.problems.problem_set import NOBODY

SUFFIX = ".npz"
"""The ending of such a file."""

_FORMAT = "mghp matching problems"
_VERSION = 1

_SHAPES: dict[str, tuple[str | int, ...]] = {
    "size": ("pictures", 2),
    "candidates": ("pictures",),
    "keypoint": ("candidates",),
    "position": ("candidates", 2),
    "confidence": ("candidates",),
    "person": ("candidates",),
    "doubt": ("candidates",),
    "affinity": ("pairs",),
    "features": ("pairs", "features"),
}
"""All arrays but the header: `candidates` counts those of each picture, the others are as in `PictureCandidates`."""

_OF_CANDIDATES = ("keypoint", "position", "confidence", "person", "doubt")
_OF_PAIRS = ("affinity", "features")


@dataclass(frozen=True, eq=False)
class ProblemsFile:
    """A file that was read.

    Attributes:
        path: of the file.
        content: what it holds.
        fingerprint: digest of all arrays, however they are compressed.
    """

    path: Path
    content: PredictedCandidates
    fingerprint: str

    @property
    def form(self) -> tuple[object, ...]:
        """The keypoints, the limbs and the number of features: what files must share to be one set."""
        features = {picture.features.shape[1] for picture in self.content.pictures}
        return self.content.keypoints, self.content.limbs, features


def write_problems(content: PredictedCandidates, file: Path) -> None:
    """Write candidates into a file; the same ones give the same bytes.

    Raises:
        OSError: if it cannot be written.
    """
    pictures = content.pictures
    header = {
        "format": _FORMAT,
        "version": _VERSION,
        "keypoints": content.keypoints,
        "limbs": content.limbs,
        "labelled_pairs": content.labelled_pairs,
        "pictures": [picture.name for picture in pictures],
        "about": content.about,
    }
    arrays: dict[str, Any] = {
        "header": np.frombuffer(json.dumps(header).encode(), np.uint8),
        "size": np.array([picture.size for picture in pictures], np.int32).reshape(-1, 2),
        "candidates": np.array([len(picture.keypoint) for picture in pictures], np.int32),
        **{name: _joined(content, name) for name in (*_OF_CANDIDATES, *_OF_PAIRS)},
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    file.write_bytes(buffer.getbuffer())


def _joined(content: PredictedCandidates, name: str) -> NDArray[Any]:
    return np.concatenate([getattr(picture, name) for picture in content.pictures])


def read_problems(path: str | Path) -> ProblemsFile:
    """Read a file of `mghp data problems`, once however many ask for it while it stays as it is.

    Raises:
        InputError: one line that names the file, if it is missing, of something else, of another version or damaged.
    """
    file = existing_file(path, "matching problems")
    stat = file.stat()
    return _read_once(file, stat.st_mtime_ns, stat.st_size)


@functools.lru_cache(maxsize=4)
def _read_once(file: Path, mtime_ns: int, size: int) -> ProblemsFile:
    arrays = arrays_of(file.read_bytes(), f"matching problems {file}")
    header = _header(file, arrays)
    missing = [name for name in _SHAPES if name not in arrays]
    if missing:
        raise InputError(f"{file}: no array {missing[0]!r}; expected a file of mghp data problems")
    check_shapes(file, arrays, _SHAPES)
    digest = hashlib.sha256()
    for name in ("header", *_SHAPES):
        digest.update(repr((name, arrays[name].dtype.str, arrays[name].shape)).encode() + arrays[name].tobytes())
    return ProblemsFile(file, _content(file, header, arrays), digest.hexdigest()[:16])


def _header(file: Path, arrays: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """Return the header, whose format and version are right."""
    try:
        header = json.loads(arrays["header"].tobytes())
        is_ours = header["format"] == _FORMAT
    except (KeyError, TypeError, ValueError, RecursionError):
        is_ours = False
    if not is_ours:
        raise InputError(f"{file}: arrays, but not of mghp data problems")
    version = header.get("version")
    if version != _VERSION:
        raise InputError(
            f"{file}: version {str(version)[:20]}; expected {_VERSION}: make it anew by mghp data problems"
        )
    return dict(header)


def _content(file: Path, header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> PredictedCandidates:
    keypoints, limbs = _skeleton(file, header)
    names = header.get("pictures")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError(f"{file}: pictures: expected a list of names")
    if len(names) != len(arrays["size"]):
        raise InputError(f"{file}: {len(names)} names of {len(arrays['size'])} pictures")
    about, labelled = header.get("about"), header.get("labelled_pairs")
    if not isinstance(about, dict) or type(labelled) is not int:
        raise InputError(f"{file}: expected a mapping about and a number labelled_pairs in the header")
    _check_candidates(file, arrays, len(keypoints))
    return PredictedCandidates(keypoints, limbs, _pictures(file, names, limbs, arrays), labelled, about)


def _skeleton(file: Path, header: dict[str, Any]) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    keypoints, limbs = header.get("keypoints"), header.get("limbs")
    if not isinstance(keypoints, list) or not all(isinstance(name, str) for name in keypoints):
        raise InputError(f"{file}: keypoints: expected a list of names")
    if not isinstance(limbs, list) or not all(_is_limb(limb, len(keypoints)) for limb in limbs):
        raise InputError(f"{file}: limbs: expected pairs of keypoints 0 to {len(keypoints) - 1}")
    return tuple(keypoints), tuple((source, destination) for source, destination in limbs)


def _is_limb(limb: object, number: int) -> bool:
    is_pair = isinstance(limb, list) and len(limb) == 2
    return is_pair and all(type(end) is int and 0 <= end < number for end in limb)  # type: ignore[attr-defined]


def _check_candidates(file: Path, arrays: dict[str, NDArray[Any]], num_keypoints: int) -> None:
    """Refuse numbers that are out of range or not finite."""
    ranges = {"keypoint": (0, num_keypoints - 1), "person": (NOBODY, None), "doubt": (0, max(Doubt)), "size": (1, None)}
    for name, (least, most) in ranges.items():
        values = arrays[name]
        is_whole = values.dtype.kind in "iu"
        if not is_whole or (values < least).any() or (most is not None and (values > most).any()):
            raise InputError(
                f"{file}: {name}: expected whole numbers from {least} {'up' if most is None else f'to {most}'}"
            )
    for name in ("position", "confidence", "affinity", "features"):
        if not np.isfinite(arrays[name]).all():
            raise InputError(f"{file}: {name}: expected finite numbers")


def _pictures(
    file: Path, names: list[str], limbs: tuple[tuple[int, int], ...], arrays: dict[str, NDArray[Any]]
) -> tuple[PictureCandidates, ...]:
    """Return each picture's part of the arrays."""
    ends = np.cumsum(arrays["candidates"], dtype=np.int64)
    if (arrays["candidates"] < 0).any() or (ends[-1] if len(ends) else 0) != len(arrays["keypoint"]):
        raise InputError(f"{file}: candidates: expected numbers that sum to the {len(arrays['keypoint'])} there are")
    of_pictures = {name: np.split(arrays[name], ends[:-1]) for name in _OF_CANDIDATES}
    numbers = [_num_pairs(keypoint, limbs) for keypoint in of_pictures["keypoint"]]
    if sum(numbers) != len(arrays["affinity"]):
        raise InputError(f"{file}: affinity: {len(arrays['affinity'])} pairs; the candidates make {sum(numbers)}")
    of_pictures |= {name: np.split(arrays[name], np.cumsum(numbers)[:-1]) for name in _OF_PAIRS}
    pictures = []
    for row, (name, size) in enumerate(zip(names, arrays["size"].tolist(), strict=True)):
        own = {array: parts[row] for array, parts in of_pictures.items()}
        _check_order(file, name, own)
        pictures.append(PictureCandidates(name, tuple(size), **own))
    return tuple(pictures)


def _num_pairs(keypoint: NDArray[np.int64], limbs: tuple[tuple[int, int], ...]) -> int:
    return sum(int((keypoint == source).sum() * (keypoint == destination).sum()) for source, destination in limbs)


def _check_order(file: Path, name: str, own: dict[str, NDArray[Any]]) -> None:
    """Refuse candidates of a picture that are not sorted by type, or two of one person and type."""
    if (np.diff(own["keypoint"].astype(np.int64)) < 0).any():
        raise InputError(f"{file}: picture {name[:60]!r}: expected candidates in the order of their types")
    owned = np.stack([own["keypoint"], own["person"]], 1)[own["person"] != NOBODY]
    if len(np.unique(owned, axis=0)) < len(owned):
        raise InputError(f"{file}: picture {name[:60]!r}: a person has two candidates of one type")
