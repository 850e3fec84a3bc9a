"""From the `data` section of a config to pictures for training and for validation."""

import json
from functools import partial
from pathlib import Path

from mghp.config.data import DataConfig
from mghp.datasets.changed_samples import ChangedSamples
from mghp.datasets.registry import picture_dataset
from mghp.datasets.sample import PictureSet
from mghp.datasets.synthetic.contact_sheet import contact_sheet
from mghp.datasets.synthetic.measured_difficulty import set_difficulty
from mghp.datasets.truth_tags import tagged
from mghp.datasets.turned import turned
from mghp.errors import InputError
from mghp.progress import Progress

_SHEET = 64
"""Pictures on a contact sheet."""


DESCRIPTIONS = ("pictures_train.png", "pictures_validation.png", "pictures_difficulty.json")
"""Files of `describe_pictures`."""


def check_pictures(config: DataConfig, to_train: bool = True) -> None:
    """Refuse data that have no pictures or are not there, or whose pictures cannot make a batch.

    Args:
        config: the data.
        to_train: whether pictures are stacked to batches.

    Raises:
        InputError: naming what was expected.
    """
    source = config.dataset.available_at
    if source and not Path(config.root).is_dir():
        raise InputError(
            f"data.root: {config.root}: no such folder; {config.dataset.label} is to be had at {source}, and "
            "lies there as it is published"
        )
    several_sizes = not picture_dataset(config).has_one_size and config.augmentation.crop is None
    if to_train and several_sizes and config.loader.batch_size > 1:
        raise InputError(
            f"data.augmentation.crop: the pictures of {config.name} have several sizes; expected a number of pixels"
        )


def load_pictures(config: DataConfig, progress: Progress) -> tuple[PictureSet, PictureSet]:
    """Return the pictures to train on and those to validate on; rendered ones are rendered first where not cached.

    Raises:
        InputError: if the cache cannot be written, or the dataset is not there.
    """
    train = picture_dataset(config).load(config, "training", progress)
    assert train is not None
    return train, load_validation(config, progress)


def load_validation(config: DataConfig, progress: Progress) -> PictureSet:
    """Return the pictures to validate on, turned as `data.turned` says, tagged by their labels for `data.truth_tags`.

    Raises:
        InputError: if the cache cannot be written, or the dataset is not there.
    """
    dataset = picture_dataset(config)
    validation = dataset.load(config, "validation", progress)
    assert validation is not None
    if config.turned:
        validation = ChangedSamples(validation, partial(turned, degrees=config.turned))
    if config.truth_tags:
        validation = ChangedSamples(validation, partial(tagged, skeleton=dataset.anatomy_of(config).skeleton))
    return validation


def load_tuning(config: DataConfig, progress: Progress) -> PictureSet | None:
    """Return the pictures to tune thresholds on; None where there are none.

    Raises:
        InputError: if the cache cannot be written, or the dataset is not there.
    """
    return picture_dataset(config).load(config, "tuning", progress)


def training_fingerprint(config: DataConfig) -> str:
    """Return the fingerprint of the pictures that a training is about, without rendering any.

    Of pictures on disk what has changed is read.

    Raises:
        InputError: if the data have no pictures, or the dataset is not there.
    """
    check_pictures(config)
    train = picture_dataset(config).role_fingerprint(config, "training")
    return with_tuning(f"{train} {validation_fingerprint(config)}", config)


def validation_fingerprint(config: DataConfig) -> str:
    """Return the fingerprint of the pictures to validate on, without rendering any.

    Raises:
        InputError: if the dataset is not there.
    """
    return picture_dataset(config).role_fingerprint(config, "validation")


def with_tuning(fingerprint: str, config: DataConfig, progress: Progress | None = None) -> str:
    """Return a fingerprint with that of the pictures to tune thresholds on, where the config does not tell it all.

    Raises:
        InputError: if these are not there.
    """
    tuning = picture_dataset(config).role_fingerprint(config, "tuning", progress)
    return f"{fingerprint} {tuning}" if tuning else fingerprint


def fingerprint_of(train: PictureSet, validation: PictureSet) -> str:
    """Return the fingerprint of the pictures that a training is about."""
    return f"{train.fingerprint} {validation.fingerprint}"


def what_is_not_trained(train: PictureSet, grouping: str) -> str | None:
    """Return one line on the branches that these pictures cannot train; None where they train all.

    Args:
        train: the pictures.
        grouping: `assembly.grouping`; by "center", persons' masks train centres and the field that points to them.
    """
    why: str | None = getattr(train, "no_keypoints", None)
    if why is None:
        return None
    if grouping == "center":
        return f"{why}: keypoints, limbs and matching are not trained; parts, centres and the field to them are"
    return (
        f"{why}: keypoints, limbs, projection field and matching are not trained, the parts alone are; "
        "assembly.grouping=center would learn persons from their masks"
    )


def describe_pictures(train: PictureSet, validation: PictureSet, out: Path) -> list[Path]:
    """Write contact sheets of both sets, and the validation set's difficulty without a model.

    Returns:
        The files written.
    """
    from PIL import Image

    out.mkdir(parents=True, exist_ok=True)
    files = []
    for name, samples in (("train", train), ("validation", validation)):
        file = out / f"pictures_{name}.png"
        shown = [samples[index] for index in range(min(_SHEET, len(samples)))]
        Image.fromarray(contact_sheet(shown, columns=8)).save(file)
        files.append(file)
    difficulty = set_difficulty(validation[index] for index in range(len(validation)))
    file = out / "pictures_difficulty.json"
    file.write_text(json.dumps({"set": validation.fingerprint, **difficulty}, indent=1))
    return [*files, file]
