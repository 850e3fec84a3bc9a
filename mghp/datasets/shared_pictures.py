"""Pictures that are in two splits of a dataset, whatever they are called there."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mghp.datasets.disk_samples import DiskSamples
from mghp.errors import InputError


def shared_pictures(train: DiskSamples, validation: DiskSamples) -> list[str]:
    """Return the names, in `validation`, of the pictures whose files have the same content as one of `train`."""
    trained, validated = (list(_files(samples)) for samples in (train, validation))
    # Files of one size alone are read: hardly any but those that are in both.
    sizes = {file.stat().st_size for file, _ in validated}
    contents = {_content_hash(file) for file, _ in trained if file.stat().st_size in sizes}
    sizes = {file.stat().st_size for file, _ in trained}
    return [name for file, name in validated if file.stat().st_size in sizes and _content_hash(file) in contents]


def _files(samples: DiskSamples) -> Iterator[tuple[Path, str]]:
    for index, name in enumerate(samples.names):
        with suppress(InputError):  # a name that leads out of the dataset
            file = samples.picture_file(index)
            if file.is_file():
                yield file, name


def _content_hash(file: Path) -> bytes:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()
