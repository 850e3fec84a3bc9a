"""Writing the cases of a failure gallery: cases.json, and the pictures that it names."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.datasets.sample import Sample
from mghp.gallery.cases import FILE, SCHEMA
from mghp.pictures.sketch import css_colour
from mghp.studies.failures.causes import Diagnosis
from mghp.studies.failures.pictures import box_of, stem_of, write_layers, write_thumbnail, zoom_of
from mghp.writing import write_atomically

Limbs = Callable[[int | None, Any, int], list[dict[str, Any]]]
"""A function from a true person's row, a predicted one's keypoints (keypoint, 3) and the zoom to a case's `limbs`."""


class CaseWriter:
    """Writes the cases of persons, picture by picture, until a whole picture no longer fits.

    Args:
        folder: where to; made if missing, and emptied of the cases and pictures of an earlier run.
        anatomy: keypoints and parts of the dataset.
        most: largest number of cases.
    """

    def __init__(self, folder: Path, anatomy: Anatomy, most: int) -> None:
        self.folder = folder
        self.anatomy = anatomy
        self.room = most
        self._cases: list[dict[str, Any]] = []
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE.name).unlink(missing_ok=True)  # first: without it there is no gallery, whatever else is left
        for stale in (*folder.glob("*.jpg"), *folder.glob("*.png")):
            stale.unlink()

    def add(
        self,
        sample: Sample,
        diagnoses: Sequence[Diagnosis],
        predicted: PredictedPersons,
        true: TruePersons,
        limbs: Limbs,
    ) -> None:
        """Add all persons of a picture, or none once they no longer fit.

        Args:
            sample: the picture, at the size at which it was parsed.
            diagnoses: one per person.
            predicted: the picture's predicted persons.
            true: the picture's true persons.
            limbs: returns the limbs of a person that failed.
        """
        if not diagnoses:
            return
        if len(diagnoses) > self.room:
            self.room = 0
            return
        self.room -= len(diagnoses)
        stem, zoom = stem_of(sample.name), zoom_of(sample.image)
        verdicts = [diagnosis.verdict for diagnosis in diagnoses]
        layers = write_layers(self.folder, stem, sample.image, predicted, true, verdicts, self.anatomy)
        height, width = sample.image.shape[:2]
        about = {"picture": sample.name, "size": [width * zoom, height * zoom]}
        for diagnosis in diagnoses:
            case = _case(diagnosis, stem)
            box = box_of(diagnosis.verdict, predicted, true)
            write_thumbnail(self.folder / f"{case['id']}.jpg", sample.image, box)
            row = diagnosis.verdict.predicted_person
            keypoints = None if row is None else predicted.keypoints[row]
            shown = [] if diagnosis.cause is None else limbs(diagnosis.verdict.true_person, keypoints, zoom)
            images = {**layers, "thumbnail": f"{case['id']}.jpg"}
            tags = [*sample.tags, *_own_tags(true, diagnosis.verdict.true_person)]
            case |= {"tags": tags, "images": images, "box": (np.array(box) * zoom).tolist(), "limbs": shown}
            self._cases.append(case | about)

    def finish(self, about: Mapping[str, Any]) -> None:
        """Write cases.json: first `about`, which tells what was parsed, then the cases."""
        parts = dict(zip(self.anatomy.parts.names, map(css_colour, self.anatomy.parts.colours), strict=True))
        content = {"schema": SCHEMA, **about, "score": "person IoU", "parts": parts, "cases": self._cases}
        write_atomically(self.folder / FILE.name, json.dumps(content, allow_nan=False, separators=(",", ":")))


def _own_tags(true: TruePersons, person: int | None) -> list[str]:
    """Return the tags of a true person, beside the picture's."""
    is_told = true.cues is None or person is None or true.cues[person]
    return [] if is_told else ["no_cue"]


def _case(diagnosis: Diagnosis, stem: str) -> dict[str, Any]:
    verdict, mended = diagnosis.verdict, diagnosis.mended_score
    is_true = verdict.true_person is not None
    return {
        "id": f"{stem}-t{verdict.true_person}" if is_true else f"{stem}-p{verdict.predicted_person}",
        "kind": verdict.kind,
        "cause": diagnosis.cause,
        "score": round(verdict.score, 4),
        "mended_score": None if mended is None else round(mended, 4),
        "true_person": verdict.true_person,
        "predicted_person": verdict.predicted_person,
    }
