"""Writing the cases of a failure gallery: cases.json, the pictures that it names, and a table of all persons."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.config.evaluation import EvaluationConfig
from mghp.config.packaged import own_or_packaged
from mghp.datasets.label_files import read_lines
from mghp.datasets.sample import Sample
from mghp.errors import InputError
from mghp.gallery.cases import FILE, PERSON_COLUMNS, PERSONS, SCHEMA
from mghp.pictures.sketch import css_colour
from mghp.runs.csv_cells import write_frame
from mghp.studies.failures.causes import Diagnosis
from mghp.studies.failures.pictures import box_of, stem_of, write_layers, write_thumbnail, zoom_of
from mghp.writing import write_atomically

Limbs = Callable[[int | None, Any, int], list[dict[str, Any]]]
"""A function from a true person's row, a predicted one's keypoints (keypoint, 3) and the zoom to a case's `limbs`."""


def shown_pictures(config: EvaluationConfig, names: Collection[str]) -> frozenset[str]:
    """Return those of a set's pictures that a gallery may show: on the list `evaluation.failure_pictures`, or all.

    Raises:
        InputError: if there is no such list, or it names none of them.
    """
    if config.failure_pictures is None:
        return frozenset(names)
    file = own_or_packaged(config.failure_pictures, "list of pictures")
    shown = frozenset(read_lines(file)) & frozenset(names)
    if not shown:
        raise InputError(f"evaluation.failure_pictures: {file} names none of the {len(names)} pictures")
    return shown


class CaseWriter:
    """Writes the cases of persons, picture by picture, until a whole picture no longer fits.

    Args:
        run: run folder; its media/failures/ is made if missing, and emptied of an earlier run's cases and pictures.
        anatomy: keypoints and parts of the dataset.
        most: largest number of cases.
        shown: names of the pictures that may be shown.
    """

    def __init__(self, run: Path, anatomy: Anatomy, most: int, shown: Collection[str]) -> None:
        self.run = run
        self.folder = folder = (run / FILE).parent
        self.anatomy = anatomy
        self.room = most
        self.shown = shown
        self._cases: list[dict[str, Any]] = []
        self._persons: list[dict[str, Any]] = []
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
        """Add all persons of a picture to the table, and, where they may be shown and fit, to the cases.

        Args:
            sample: the picture, at the size at which it was parsed.
            diagnoses: one per person.
            predicted: the picture's predicted persons.
            true: the picture's true persons.
            limbs: returns the limbs of a person that failed.
        """
        tags = [_tags(sample, true, diagnosis.verdict.true_person) for diagnosis in diagnoses]
        self._persons += [_row(sample.name, *pair) for pair in zip(diagnoses, tags, strict=True)]
        if not diagnoses or sample.name not in self.shown:
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
        for diagnosis, of_person in zip(diagnoses, tags, strict=True):
            case = _case(diagnosis, stem)
            box = box_of(diagnosis.verdict, predicted, true)
            write_thumbnail(self.folder / f"{case['id']}.jpg", sample.image, box)
            row = diagnosis.verdict.predicted_person
            keypoints = None if row is None else predicted.keypoints[row]
            shown = [] if diagnosis.cause is None else limbs(diagnosis.verdict.true_person, keypoints, zoom)
            images = {**layers, "thumbnail": f"{case['id']}.jpg"}
            case |= {"tags": of_person, "images": images, "box": (np.array(box) * zoom).tolist(), "limbs": shown}
            self._cases.append(case | about)

    def finish(self, about: Mapping[str, Any]) -> None:
        """Write the table, and cases.json: first `about`, which tells what was parsed, then the cases."""
        persons = pd.DataFrame(self._persons, columns=list(PERSON_COLUMNS)).astype({"true_person": "Int64"})
        write_frame(persons, self.run / PERSONS)
        parts = dict(zip(self.anatomy.parts.names, map(css_colour, self.anatomy.parts.colours), strict=True))
        content = {"schema": SCHEMA, **about, "score": "person IoU", "parts": parts, "cases": self._cases}
        write_atomically(self.folder / FILE.name, json.dumps(content, allow_nan=False, separators=(",", ":")))


def _tags(sample: Sample, true: TruePersons, person: int | None) -> list[str]:
    """Return the tags of a true person, or of the whole picture where only these are known; None is nobody's row.

    Where persons have tags of their own, a spurious one has none.
    """
    if person is None:
        return [*sample.tags] if sample.person_tags is None else []
    tags = sample.tags if sample.person_tags is None else sample.person_tags[person]
    is_told = true.cues is None or true.cues[person]
    return [*tags] if is_told else [*tags, "no_cue"]


def _row(picture: str, diagnosis: Diagnosis, tags: Sequence[str]) -> dict[str, Any]:
    """Return a person's row of the table, in which nobody and nothing are empty."""
    verdict = diagnosis.verdict
    cells = (picture, verdict.true_person, verdict.kind, diagnosis.cause, round(verdict.score, 4), " ".join(tags))
    return dict(zip(PERSON_COLUMNS, cells, strict=True))


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
