"""The datasets on disk, by their names in a config."""

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
    root = Path(config.root)
    if config.name == "mhp_v2":
        samples: DiskSamples = MHPv2(root, split)
    elif config.name == "densepose_coco":
        samples = DensePoseCOCO(root, split)
    elif config.name == "cihp":
        samples = CIHPSamples(root, split)
    else:
        samples = PascalPersonPart(root, split, None if config.annotations is None else Path(config.annotations))
    samples.keep_first(config.max_images)
    return samples
