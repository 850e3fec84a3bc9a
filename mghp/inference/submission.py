"""Predictions in the form of the official evaluation scripts, written and read."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mghp.anatomy.persons import PredictedPersons
from mghp.datasets.label_files import read_labels, read_lines, read_numbers
from mghp.errors import InputError, inside


class SubmissionWriter(ABC):
    """Writes predictions in one benchmark's form, picture by picture.

    Args:
        folder: target, made if missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def add(self, name: str, predicted: PredictedPersons) -> None:
        """Add the persons of one picture."""

    def finish(self) -> None:  # noqa: B027
        """Finish after the last picture."""


class MHPSubmission(SubmissionWriter):
    """The form of LV-MHP v2: global_seg/NAME.png, global_tag/NAME.png, and results.txt of `NAME person score ...`.

    Persons are numbered in the order of the prediction. Those without a pixel are left out, as the form demands.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.lines: list[str] = []

    def add(self, name: str, predicted: PredictedPersons) -> None:
        """Write both maps, and keep the picture's line."""
        _write_map(inside(self.folder / "global_seg", f"{name}.png"), predicted.parts)
        _write_map(inside(self.folder / "global_tag", f"{name}.png"), predicted.person_ids)
        seen = np.unique(predicted.person_ids[predicted.person_ids > 0])
        pairs = [f"{person} {float(predicted.person_scores[person - 1])!r}" for person in seen.tolist()]
        self.lines.append(" ".join([name, *pairs]))

    def finish(self) -> None:
        """Write results.txt."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "results.txt").write_text("".join(f"{line}\n" for line in self.lines))


class CIHPSubmission(SubmissionWriter):
    """The form of CIHP: global_parsing/NAME.png, instance_parsing/NAME.png (a number per person and part) and NAME.txt.

    The text file has a line `class score` per number, 1 first.
    """

    def add(self, name: str, predicted: PredictedPersons) -> None:
        """Write both maps, and the classes and scores of the instances."""
        _write_map(inside(self.folder / "global_parsing", f"{name}.png"), predicted.parts)
        parts = np.where(predicted.person_ids > 0, predicted.parts, 0)
        labels = int(parts.max(initial=0)) + 1
        cells = predicted.person_ids.astype(np.int64) * labels + parts
        cells[parts == 0] = 0
        instances = np.unique(cells[cells > 0])
        _write_map(
            inside(self.folder / "instance_parsing", f"{name}.png"), np.searchsorted(instances, cells) + (cells > 0)
        )
        lines = [
            f"{cell % labels} {float(predicted.part_scores[cell // labels - 1, cell % labels])!r}\n"
            for cell in instances.tolist()
        ]
        inside(self.folder / "instance_parsing", f"{name}.txt").write_text("".join(lines))


_WRITERS = {"mhp_v2": MHPSubmission, "cihp": CIHPSubmission}


def submission_writer(form: str, folder: Path) -> SubmissionWriter | None:
    """Return the writer of the form named by `inference.submission`; None for "none"."""
    return _WRITERS[form](folder) if form in _WRITERS else None


def read_mhp_submission(folder: Path, num_labels: int) -> dict[str, PredictedPersons]:
    """Read a submission in LV-MHP v2's form, by picture; parts have their person's score, and there are no keypoints.

    Args:
        folder: holds results.txt.
        num_labels: number of labels, background included.

    Raises:
        InputError: naming the faulty file or line.
    """
    found = {}
    for number, line in enumerate(read_lines(folder / "results.txt")):
        name, *pairs = line.split()
        where = f"{folder / 'results.txt'}: line {number + 1}"
        try:
            scores = {int(person): float(score) for person, score in zip(pairs[::2], pairs[1::2], strict=True)}
        except ValueError:
            raise InputError(f"{where}: expected a name and pairs of person and score, got {line[:60]!r}") from None
        parts = read_labels(inside(folder / "global_seg", f"{name}.png"))
        tags = read_numbers(inside(folder / "global_tag", f"{name}.png"))
        if parts.shape != tags.shape:
            raise InputError(f"{where}: its maps of parts and persons differ in size")
        seen = [person for person in scores if (tags == person).any()]
        renumbered = np.zeros(int(tags.max(initial=0)) + 1, np.int64)
        renumbered[seen] = np.arange(1, len(seen) + 1)
        person_scores = np.array([scores[person] for person in seen])
        found[name] = PredictedPersons(
            parts=parts,
            person_ids=renumbered[tags],
            person_scores=person_scores,
            part_scores=np.repeat(person_scores[:, None], num_labels, 1),
            keypoints=np.zeros((len(seen), 0, 3)),
        )
    return found


def _write_map(file: Path, labels: NDArray[Any]) -> None:
    """Write a map of 8 bits per pixel, or 16 where numbers go beyond."""
    file.parent.mkdir(parents=True, exist_ok=True)
    kind = np.uint8 if labels.max(initial=0) < 256 else np.uint16
    Image.fromarray(labels.astype(kind)).save(file)
