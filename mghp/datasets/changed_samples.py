"""Pictures that are changed whenever they are read."""

from collections.abc import Callable

from mghp.datasets.sample import PictureSet, Sample


class ChangedSamples:
    """A set of pictures, each of which is changed when it is read.

    Args:
        samples: as they are.
        change: returns a changed sample; one that can be pickled, for loading processes.
    """

    def __init__(self, samples: PictureSet, change: Callable[[Sample], Sample]) -> None:
        self.samples = samples
        self.change = change
        self.names = samples.names

    @property
    def fingerprint(self) -> str:
        """The digest of the pictures as they are: the config tells how they are changed."""
        return self.samples.fingerprint

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Sample:
        return self.change(self.samples[index])
