"""Predictions as a dataset's official evaluation scripts read them."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mghp.anatomy.persons import PredictedPersons
from mghp.config.dataset_names import DATASETS


class SubmissionWriter(ABC):
    """A writer of one benchmark's form, picture by picture.

    Args:
        folder: made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def add(self, name: str, predicted: PredictedPersons) -> None:
        """Write one picture's persons."""

    def finish(self) -> None:  # noqa: B027
        """Write what is of all pictures, after the last one."""


def submission_writer(form: str, folder: Path) -> SubmissionWriter | None:
    """Return the writer of the dataset that `inference.submission` names; None for "none"."""
    if form == "none":
        return None
    writer: SubmissionWriter = DATASETS[form].load().submission(folder)
    return writer


def write_map(file: Path, labels: NDArray[Any]) -> None:
    """Write numbers as a PNG file, 8 bits a pixel, or 16 where numbers go beyond."""
    file.parent.mkdir(parents=True, exist_ok=True)
    kind = np.uint8 if labels.max(initial=0) < 256 else np.uint16
    Image.fromarray(labels.astype(kind)).save(file)
