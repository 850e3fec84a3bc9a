"""`mghp evaluate --predictions`: the scores of any model's predictions, from files, into a run folder."""

import dataclasses
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons
from mghp.config.load import load_config
from mghp.config.schema import Config
from mghp.datasets.pictures import check_pictures, load_validation
from mghp.datasets.sample import PictureSet, Sample
from mghp.errors import InputError
from mghp.evaluation.evaluate import show_examples
from mghp.evaluation.tally import Tally
from mghp.inference.predicted_folder import PredictedFolder
from mghp.parsing.batch import collate
from mghp.parsing.build import anatomy_of
from mghp.pictures.canvas import Rgb
from mghp.progress import Progress
from mghp.runs.folder import RunFolder
from mghp.runs.tracking import tracked
from mghp.training.validation_pictures import people_panels

Missing = Literal["error", "empty"]
"""What becomes of pictures without a prediction: an error, or pictures in which nobody was found."""

ENDING = "_predictions"
"""The ending that the name of an experiment gets, to which predictions are compared."""


class PredictedPictures:
    """The validation pictures, each with its prediction, at the pictures' own size.

    Args:
        pictures: with their labels.
        folder: of the predictions.
        missing: what becomes of pictures without one.

    Raises:
        InputError: telling how many are missing, unless these count as empty.
    """

    def __init__(self, pictures: PictureSet, folder: PredictedFolder, missing: Missing = "error") -> None:
        self.pictures = pictures
        self.folder = folder
        self.names = pictures.names
        absent = [name for name in self.names if not folder.has(name)]
        if absent and (missing == "error" or len(absent) == len(self.names)):
            raise InputError(
                f"predictions {folder.folder}: {len(absent)} of {len(self.names)} pictures have none, the first is "
                f"{absent[0]}; expected its _parts.png, _persons.png and entry in poses.json"
                + ("; --missing=empty counts them as empty" if len(absent) < len(self.names) else "")
            )

    @property
    def anatomy(self) -> Anatomy:
        """The parts and skeleton of the dataset."""
        return self.folder.anatomy

    @property
    def fingerprint(self) -> str:
        """The digest of pictures, labels and predictions."""
        return f"{self.pictures.fingerprint} {self.folder.digest(self.names)}"

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> tuple[Sample, PredictedPersons]:
        """Return a picture and the persons predicted in it.

        Raises:
            InputError: naming a file of the prediction that does not fit.
        """
        sample = self.pictures[index]
        size = (sample.image.shape[0], sample.image.shape[1])
        if self.folder.has(sample.name):
            return sample, self.folder.of(sample.name, size)
        return sample, _nobody(size, self.anatomy)


Judge = Callable[[PredictedPictures, Config, Path, Progress], dict[str, float]]
"""A function that judges every person and writes the cases below a run folder; returns metrics."""


def run_predictions(
    experiment: Path, predictions: Path, overrides: Sequence[str], missing: Missing, judge: Judge, progress: Progress
) -> Path:
    """Score predictions of the validation pictures.

    Args:
        experiment: file of a parsing experiment, whose data are scored.
        predictions: folder of the files of `mghp predict` or `mghp group`.
        overrides: `key=value` over the config.
        missing: what becomes of pictures without a prediction.
        judge: finds the failures.
        progress: told the pictures done, the total and the step.

    Returns:
        The run folder of the experiment `<experiment>_predictions`, variant the predictions' folder, with metrics
        `val/<score>` and `tag/<tag>/<score>` and the judge's. media/ gets per_picture.csv, breakdown.csv and sheets of
        examples.

    Raises:
        InputError: if predictions are missing, or do not fit.
    """
    config = load_config(experiment, overrides)
    check_pictures(config.data, to_train=False)
    folder = PredictedFolder(predictions, anatomy_of(config))
    pictures = PredictedPictures(load_validation(config.data, progress), folder, missing)
    named = dataclasses.replace(config, experiment=config.experiment + ENDING, variant=_plain(predictions))
    run = RunFolder(named, pictures.fingerprint)
    with tracked(named, run) as tracker:
        with run.timed("evaluate"):
            tally = score_predictions(pictures, config, progress)
        tally.write(run)
        show_examples(run, tracker, tally.pictures, pictures.anatomy, partial(_panels, pictures))
        with run.timed("failures"):
            metrics = tally.metrics() | judge(pictures, named, run.path, progress)
        tracker.tabulate("pictures", tally.pictures)
        tracker.summarise(metrics)
    run.finish(metrics)
    return run.path


def score_predictions(pictures: PredictedPictures, config: Config, progress: Progress) -> Tally:
    """Return the tally of all pictures."""
    tally = Tally(pictures.anatomy, config.metrics)
    for index in range(len(pictures)):
        tally.add(*pictures[index])
        progress(index + 1, len(pictures), "evaluate")
    return tally


def _panels(pictures: PredictedPictures, index: int) -> list[Rgb]:
    sample, predicted = pictures[index]
    return people_panels(collate([sample], pictures.anatomy.num_keypoints), [predicted], None, pictures.anatomy)


def _nobody(size: tuple[int, int], anatomy: Anatomy) -> PredictedPersons:
    nothing = np.zeros(size, np.int64)
    poses = np.zeros((0, anatomy.num_keypoints, 3))
    return PredictedPersons(nothing, nothing, np.zeros(0), np.zeros((0, anatomy.num_labels)), poses)


def _plain(folder: Path) -> str:
    """Return a folder's name as the name of a variant: letters, digits, `_`, `-` and dots."""
    return re.sub(r"[^\w.-]+|^\.+", "_", folder.resolve().name, flags=re.ASCII) or "predictions"
