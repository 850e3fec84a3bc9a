"""Rendered persons on disk: rendered once, by all cores, then read through memory maps."""

import json
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from mghp.config.data import SyntheticConfig
from mghp.datasets.coco_json import read_json
from mghp.datasets.sample import Sample
from mghp.datasets.synthetic import SCENES, render
from mghp.errors import InputError, existing_file
from mghp.writing import remove_abandoned, temporary_beside, write_atomically

RENDERER = "460e88526e"
"""Which pictures the renderer makes. To be replaced by other digits whenever any pixel or label changes, and only then:
it is part of the key of every run on rendered pictures. A test digests the pictures of every scene and tells when."""

_LABELS = ("names", "persons", "tags")
_CHUNK = 50
_MAX_PERSONS = 16
_Chunk = tuple[SyntheticConfig, int, range]


class CachedSamples:
    """A rendered set, as a sequence of samples.

    Args:
        folder: written by `cached_samples`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.labels, _ = read_json(existing_file(folder / "labels.json", "rendered set"))
        if not isinstance(self.labels, dict) or not all(isinstance(self.labels.get(key), list) for key in _LABELS):
            raise InputError(
                f"{folder / 'labels.json'}: expected {', '.join(_LABELS)}; delete the folder to render again"
            )
        self.names: list[str] = self.labels["names"]
        self._arrays: dict[str, np.ndarray] = {}

    @property
    def fingerprint(self) -> str:
        """The name of the set: scene, size, seed, number and renderer."""
        return self.folder.name

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Sample:
        image, parts, person_ids, keypoints = (
            self._array(name)[index] for name in ("image", "parts", "person_ids", "keypoints")
        )
        height, width = parts.shape
        return Sample(
            image=np.array(image),
            parts=np.array(parts),
            person_ids=person_ids.astype(np.int16),
            keypoints=np.array(keypoints[: self.labels["persons"][index]]),
            name=self.names[index],
            original_size=(height, width),
            tags=tuple(self.labels["tags"][index]),
            cues=np.array(self.labels["cues"][index]) if "cues" in self.labels else None,
        )

    def _array(self, name: str) -> np.ndarray:
        # Opened at first use, so that every worker process maps the file itself.
        if name not in self._arrays:
            file = self.folder / f"{name}.npy"
            try:
                self._arrays[name] = np.load(file, mmap_mode="r", allow_pickle=False)
            except (OSError, ValueError, EOFError) as error:
                raise InputError(f"{file}: damaged ({error}); delete the folder to render again") from None
        return self._arrays[name]

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_arrays": {}}


def set_name(config: SyntheticConfig, seed: int, number: int) -> str:
    """Return a set's name and fingerprint: all that its pictures depend on, `RENDERER` included."""
    return f"{config.scene}_{config.size}_seed{seed}_{number}_{RENDERER}"


def cached_samples(
    config: SyntheticConfig,
    root: str | Path,
    seed: int,
    number: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> CachedSamples:
    """Open a rendered set, rendering it first where it is not there.

    A folder is named by everything that its pictures depend on, `RENDERER` included, and appears under its
    name only when it is complete. What killed processes had begun to render, of any set, is swept away.

    Args:
        config: scene and size.
        root: folder of all cached data.
        seed: of the set.
        number: of pictures: indices 0 to number - 1.
        progress: told how many pictures are done, of how many.

    Raises:
        InputError: if the folder cannot be written, or a rendering process dies.
    """
    name = set_name(config, seed, number)
    folder = Path(root) / "synthetic" / name
    remove_abandoned(folder.parent)
    if not folder.is_dir():
        temporary = temporary_beside(folder)
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            _write(temporary, config, seed, number, progress)
            temporary.replace(folder)
        except OSError as error:
            if not folder.is_dir():  # else another process has just finished the same set
                raise InputError(f"{folder}: cannot be written: {error.strerror or error}") from None
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return CachedSamples(folder)


def _write(folder: Path, config: SyntheticConfig, seed: int, number: int, progress: Callable[[int, int], None]) -> None:
    rendered = _rendered(_chunks(config, seed, number))
    # Before there is a folder: in the processes of a script without a guard, which run it anew, this fails, and they
    # are killed at any moment.
    first_chunk = next(rendered, [])
    folder.mkdir(exist_ok=True)
    shape = (number, config.size, config.size)
    arrays = {
        "image": np.lib.format.open_memmap(folder / "image.npy", "w+", np.uint8, (*shape, 3)),
        "parts": np.lib.format.open_memmap(folder / "parts.npy", "w+", np.uint8, shape),
        "person_ids": np.lib.format.open_memmap(folder / "person_ids.npy", "w+", np.uint8, shape),
        "keypoints": np.lib.format.open_memmap(
            folder / "keypoints.npy", "w+", np.float32, (number, _MAX_PERSONS, 17, 3)
        ),
    }
    labels: dict[str, list[Any]] = {"names": [], "persons": [], "tags": [], "cues": []}
    for samples in chain([first_chunk], rendered):
        for sample in samples:
            index = len(labels["names"])
            assert sample.keypoints is not None
            persons = len(sample.keypoints)
            arrays["image"][index], arrays["parts"][index] = sample.image, sample.parts
            arrays["person_ids"][index] = sample.person_ids
            arrays["keypoints"][index, :persons] = sample.keypoints
            labels["names"].append(sample.name)
            labels["persons"].append(persons)
            labels["tags"].append(list(sample.tags))
            labels["cues"].append(_cues(sample))
        progress(len(labels["names"]), number)
    for array in arrays.values():
        array.flush()
    (folder / "labels.json").write_text(json.dumps(labels))


def with_cues(
    samples: CachedSamples, config: SyntheticConfig, seed: int, progress: Callable[[int, int], None]
) -> CachedSamples:
    """Return a set with its cues, which are added to one that an earlier version cached without them.

    Args:
        samples: as `cached_samples` opened them.
        config: scene and size.
        seed: of the set.
        progress: told how many pictures are done, of how many, where they are rendered again.

    Raises:
        InputError: if a rendering process dies.
    """
    if "cues" in samples.labels:
        return samples
    cues: list[list[bool]] = []
    for rendered in _rendered(_chunks(config, seed, len(samples))):
        cues += map(_cues, rendered)
        progress(len(cues), len(samples))
    samples.labels["cues"] = cues
    with suppress(InputError):  # a cache that only others may write has them for this process alone
        write_atomically(samples.folder / "labels.json", json.dumps(samples.labels))
    return samples


def _cues(sample: Sample) -> list[bool]:
    assert sample.cues is not None
    cues: list[bool] = sample.cues.tolist()
    return cues


def _chunks(config: SyntheticConfig, seed: int, number: int) -> list[_Chunk]:
    return [(config, seed, range(first, min(first + _CHUNK, number))) for first in range(0, number, _CHUNK)]


def _rendered(chunks: Sequence[_Chunk]) -> Iterator[list[Sample]]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if len(chunks) < 2 * cores or cores == 1:
        yield from map(_render_chunk, chunks)
        return
    # Spawned, not forked: the parent may hold torch's threads.
    with ProcessPoolExecutor(cores, multiprocessing.get_context("spawn")) as pool:
        try:
            yield from pool.map(_render_chunk, chunks)
        except BrokenProcessPool:
            raise InputError(
                "a rendering process died: of memory, or because the calling script lacks `if __name__ == '__main__':`"
            ) from None


def _render_chunk(chunk: _Chunk) -> list[Sample]:
    config, seed, indices = chunk
    return [render(SCENES[config.scene], index, seed=seed, size=config.size) for index in indices]
