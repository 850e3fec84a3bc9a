"""One case of a failure: its person in the picture, predicted and true, and the limb that tells most."""

import io

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from mghp.gallery.cases import CAUSES, KINDS, Case, CaseSet, read_image
from mghp.pictures.matrices import matrices_figure
from mghp.pictures.style import COLOURS, PAGE_INCHES

_LAYERS = {
    "predicted parts": ("prediction_parts",),
    "predicted persons": ("prediction_persons", "skeletons"),
    "true persons": ("truth_persons", "truth_skeletons"),
}


def case_figure(cases: CaseSet, case: Case) -> Figure:
    """Draw the picture of a case with what was predicted and what is true; the person concerned is framed.

    Raises:
        InputError: if a picture of the case is missing.
    """
    figure, axes = plt.subplots(1, len(_LAYERS), figsize=(PAGE_INCHES, 2.7))
    photo = _read(cases, case["images"]["picture"])
    for axis, (title, layers) in zip(axes, _LAYERS.items(), strict=True):
        axis.imshow(photo)
        for layer in layers:
            if layer in case["images"]:
                axis.imshow(_read(cases, case["images"][layer]))
        _frame(axis, case["box"])
        axis.set(title=title, xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
    figure.suptitle(f"{cases.title}: {_in_words(case)}")
    return figure


def limb_figure(case: Case, limb: int = 0) -> Figure:
    """Draw the affinity and assignment of one of a case's limbs, those joined wrongly first; true pairs are framed."""
    shown = case["limbs"][limb]
    affinity = np.array(shown["affinity"])
    truth, joined = np.zeros_like(affinity), np.zeros_like(affinity)
    for matrix, pairs in ((truth, shown.get("true", [])), (joined, shown.get("joined", []))):
        for row, column in pairs:
            matrix[row, column] = 1
    panels = [("affinity", affinity), ("assignment", shown["assignment"]), ("joined", joined)]
    figure = matrices_figure(panels, truth, columns=3, numbers=True)
    figure.suptitle(f"{shown['name']}; true pairs are framed")
    return figure


def _in_words(case: Case) -> str:
    mended = f", mended by {CAUSES[case['cause']]}" if case["cause"] else ""
    return f"{KINDS[case['kind']]}, score {case['score']:.2f}{mended}"


def _read(cases: CaseSet, name: str) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(read_image(cases.folder, name))) as image:
        return np.asarray(image.convert("RGBA"))


def _frame(axes: Axes, box: list[float]) -> None:
    left, top, right, bottom = box
    axes.plot([left, right, right, left, left], [top, top, bottom, bottom, top], color=COLOURS[4])
