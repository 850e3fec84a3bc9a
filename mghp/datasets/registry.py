"""The datasets on disk, by their names in a config."""

from collections.abc import Callable
from pathlib import Path

from mghp.config.data import DataConfig
from mghp.datasets.cihp import CIHPSamples
from mghp.datasets.densepose_coco import DensePoseCOCO
from mghp.datasets.disk_samples import DiskSamples
from mghp.datasets.mhp_v2 import MHPv2
from mghp.datasets.pascal_person_part import PascalPersonPart
from mghp.errors import InputError, stays_below


def open_dataset(config: DataConfig, split: str) -> DiskSamples:
    """A split of the dataset that `data.name` names, in `data.root`.

    Raises:
        InputError: if it is not there, or its lists are faulty; single pictures are read later.
    """
    if not stays_below(split):
        raise InputError(f"data.splits: {split!r} is no name of a split")
    if config.name not in _OPEN:
        raise InputError(f"data.name: {config.name!r} is no dataset on disk; expected {', '.join(_OPEN)}")
    samples = _OPEN[config.name](config, split)
    samples.keep_first(config.max_images)
    return samples


def _open_pascal(config: DataConfig, split: str) -> DiskSamples:
    joints = None if config.annotations is None else Path(config.annotations)
    return PascalPersonPart(Path(config.root), split, joints)


_OPEN: dict[str, Callable[[DataConfig, str], DiskSamples]] = {
    "mhp_v2": lambda config, split: MHPv2(Path(config.root), split),
    "densepose_coco": lambda config, split: DensePoseCOCO(Path(config.root), split),
    "pascal_person_part": _open_pascal,
    "cihp": lambda config, split: CIHPSamples(Path(config.root), split),
}
