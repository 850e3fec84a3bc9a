"""From the `data` section of a config to pictures for training and for validation."""

import json
from collections.abc import Callable
from pathlib import Path

from mghp.data.configs import DataConfig
from mghp.data.synthetic.contact_sheet import contact_sheet
from mghp.data.synthetic.difficulty import set_difficulty
from mghp.data.synthetic_cache import FIRST_TRAINING_SEED, TUNING_SEED, VALIDATION_SEED, CachedSamples, cached_samples
from mghp.errors import InputError

_SHEET = 64
"""Pictures on a contact sheet."""


def check_pictures(config: DataConfig) -> None:
    """Refuse data that have no pictures.

    Raises:
        InputError: naming what was expected.
    """
    if config.name != "synthetic":
        raise InputError(f"data.name: {config.name} are matching problems, not pictures; expected synthetic")


def load_pictures(config: DataConfig, progress: Callable[[int, int, str], None]) -> tuple[CachedSamples, CachedSamples]:
    """The pictures to train on and those to validate on, rendered first where they are not cached.

    Raises:
        InputError: if the cache cannot be written.
    """
    synthetic = config.synthetic

    def show(what: str) -> Callable[[int, int], None]:
        return lambda done, total: progress(done, total, f"render {what}")

    train = cached_samples(
        synthetic, config.root, FIRST_TRAINING_SEED + config.seed, synthetic.num_train, show("training set")
    )
    return train, load_validation(config, progress)


def load_validation(config: DataConfig, progress: Callable[[int, int, str], None]) -> CachedSamples:
    """The pictures to validate on.

    Raises:
        InputError: if the cache cannot be written.
    """
    return _fixed_set(config, VALIDATION_SEED, "validation", progress)


def load_tuning(config: DataConfig, progress: Callable[[int, int, str], None]) -> CachedSamples:
    """Pictures to tune thresholds on, as many as there are to validate on.

    Raises:
        InputError: if the cache cannot be written.
    """
    return _fixed_set(config, TUNING_SEED, "tuning", progress)


def _fixed_set(config: DataConfig, seed: int, what: str, progress: Callable[[int, int, str], None]) -> CachedSamples:
    """Pictures that are the same for every seed of training."""
    return cached_samples(
        config.synthetic,
        config.root,
        seed,
        config.synthetic.num_validation,
        lambda done, total: progress(done, total, f"render {what} set"),
    )


def describe_pictures(train: CachedSamples, validation: CachedSamples, out: Path) -> list[Path]:
    """Contact sheets of both sets, and the validation set's difficulty without a model.

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
