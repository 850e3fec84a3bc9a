"""Figure of rotation augmentation: scores against the largest angle of rotation."""

from collections.abc import Sequence
from functools import partial

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from mghp.pictures.style import COLOURS, MARKERS, PAGE_INCHES, Drawings
from mghp.report.seed_figures import draw_over_seeds, seeds_in_words
from mghp.runs.read import Run
from mghp.studies.rotation.tables import PLAIN, UPRIGHT, Rotations


def rotation_drawings(runs: Sequence[Run]) -> Drawings:
    """Return the figure of each experiment that has two angles to compare."""
    figures = {"rotation": PLAIN, "upright_rotation": UPRIGHT}
    return {
        name: partial(rotation_figure, rotations, runs)
        for name, rotations in figures.items()
        if len(rotations.angles(runs).runs) > 1
    }


def rotation_figure(rotations: Rotations, runs: Sequence[Run]) -> Figure:
    """Draw scores against the largest angle of rotation, a line per test set."""
    family = rotations.angles(runs)
    panels = {"AP$^p$ averaged [%]": rotations.ap_p, "person IoU [%]": rotations.person_iou}
    figure, axes = plt.subplots(1, len(panels), figsize=(PAGE_INCHES, 2.6))
    places = {float(angle): group for angle, group in family.runs.items()}
    for axis, (label, scores) in zip(axes, panels.items(), strict=True):
        for position, (test_set, score) in enumerate(scores.items()):
            # Side by side, so that no bar hides another.
            shift = 2.0 * (position - (len(scores) - 1) / 2)
            moved = {place + shift: group for place, group in places.items()}
            draw_over_seeds(axis, moved, score, COLOURS[position], MARKERS[position], test_set)
        axis.set(xlabel="rotated in training by up to [degrees]", ylabel=label, xticks=sorted(places))
    title = f"tested on\n({seeds_in_words(family.runs.values())})"
    axes[-1].legend(loc="center left", bbox_to_anchor=(1.02, 0.5), title=title, title_fontsize=7)
    return figure
