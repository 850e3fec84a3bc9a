"""Training that goes on past damaged files."""

import logging

import torch

from mghp.datasets.sample import Sample, Samples
from mghp.errors import InputError

_LOGGER = logging.getLogger("mghp")


class SkippingSamples:
    """Pictures of which each that cannot be read is replaced by the next; `skipped` counts in all processes together.

    Args:
        samples: that raise `InputError` where a file is damaged.
    """

    def __init__(self, samples: Samples) -> None:
        self.samples = samples
        self._is_damaged = torch.zeros(len(samples), dtype=torch.bool).share_memory_()  # type: ignore[no-untyped-call]

    @property
    def skipped(self) -> int:
        """The number of pictures that could not be read so far."""
        return int(self._is_damaged.sum())

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Sample:
        for step in range(len(self)):
            position = (index + step) % len(self)
            try:
                return self.samples[position]
            except InputError as error:
                if not self._is_damaged[position]:
                    self._is_damaged[position] = True
                    _LOGGER.warning("skipped: %s", error)
        raise InputError("data.on_error=skip: not a single picture of the set can be read")
