"""From `data.name` to the dataset that it names."""

from mghp.config.data import DataConfig
from mghp.config.dataset_names import DATASETS
from mghp.datasets.dataset import PictureDataset
from mghp.datasets.disk_samples import DiskSamples
from mghp.errors import InputError


def picture_dataset(config: DataConfig) -> PictureDataset:
    """Return the dataset of pictures that `data.name` names.

    Raises:
        InputError: if the data are no pictures.
    """
    if config.dataset.kind != "pictures":
        names = ", ".join(DATASETS.where(lambda entry: entry.kind == "pictures"))
        raise InputError(f"data.name: {config.name} are matching problems, not pictures; expected one of {names}")
    dataset: PictureDataset = config.dataset.load()
    return dataset


def disk_dataset(config: DataConfig) -> type[DiskSamples]:
    """Return the dataset on disk that `data.name` names.

    Raises:
        InputError: if the data are no pictures, or rendered ones.
    """
    dataset = picture_dataset(config)
    if not (isinstance(dataset, type) and issubclass(dataset, DiskSamples)):
        raise InputError(f"data.name: {config.name!r} is no dataset on disk, whose files could be checked")
    return dataset
