"""`mghp data show`: sheets of a dataset's labels."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from mghp.config.data import DataConfig
from mghp.datasets.dataset import Role
from mghp.datasets.registry import picture_dataset
from mghp.datasets.resized import resized, size_for
from mghp.datasets.sample import PictureSet, Sample, Samples
from mghp.pictures.canvas import Rgb
from mghp.pictures.labels import labels_panel
from mghp.pictures.legend import OF_LABELS, panel_legend
from mghp.pictures.sheet import panels_sheet
from mghp.progress import Progress

_LONGEST_SIDE = 320
"""The longer side of a picture on a sheet, pixels."""


def write_label_sheets(
    config: DataConfig,
    roles: Sequence[Role],
    number: int,
    folder: Path,
    progress: Progress,
    trained_on: Callable[[PictureSet], Samples] = lambda pictures: pictures,
) -> list[Path]:
    """Write labels_ROLE.png for each role, and return these files.

    Args:
        config: the dataset.
        roles: of the sets to show.
        number: pictures per sheet, evenly over the set.
        folder: to write to.
        progress: told the pictures done, the total and the set.
        trained_on: makes of the training pictures what is shown of them, e.g. augments them.

    Raises:
        InputError: naming the file, if one of the pictures or labels is missing or damaged.
    """
    files = []
    for role in roles:
        samples = picture_dataset(config).load(config, role, progress)
        assert samples is not None
        shown = trained_on(samples) if role == "training" else samples
        file = folder / f"labels_{role}.png"
        Image.fromarray(_sheet(config, shown, number, role, progress)).save(file)
        files.append(file)
    return files


def _sheet(config: DataConfig, samples: Samples, number: int, role: Role, progress: Progress) -> Rgb:
    anatomy = picture_dataset(config).anatomy_of(config)
    shown = min(number, len(samples))
    panels, titles = [], []
    for position in range(shown):
        progress(position, shown, f"draw {role}")
        sample = _fitting(samples[position * len(samples) // shown])
        panels.append(labels_panel(sample, anatomy))
        titles.append(sample.name)
    return panels_sheet(panels, titles, footer=panel_legend(anatomy.parts, panels[0].shape[1], note=OF_LABELS))


def _fitting(sample: Sample) -> Sample:
    """Return a sample whose longer side fits on a sheet; small ones stay as they are."""
    size = sample.image.shape[0], sample.image.shape[1]
    return resized(sample, _LONGEST_SIDE) if size_for(*size, _LONGEST_SIDE) < size else sample
