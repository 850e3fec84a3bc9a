"""What a dataset of pictures can be asked, rendered or on disk."""

from typing import Literal, Protocol

from mghp.anatomy.anatomy import Anatomy
from mghp.config.data import DataConfig
from mghp.datasets.sample import PictureSet
from mghp.progress import Progress

Role = Literal["training", "validation", "tuning"]
"""What a set of pictures is for: to train on, to score, or to tune thresholds on."""


class PictureDataset(Protocol):
    """A dataset of pictures, as an entry of `DATASETS` names it: a class, which is asked itself.

    Attributes:
        has_one_size: whether all pictures share one height and width.
    """

    has_one_size: bool

    def anatomy_of(self, config: DataConfig) -> Anatomy:
        """Return the parts and the skeleton that the dataset annotates.

        Raises:
            InputError: if a file that describes them is missing or broken.
        """

    def load(self, config: DataConfig, role: Role, progress: Progress | None = None) -> PictureSet | None:
        """Return the pictures of a role; None where the config names none.

        Raises:
            InputError: if they are not there, or cannot be made.
        """

    def role_fingerprint(self, config: DataConfig, role: Role, progress: Progress | None = None) -> str:
        """Return what the pictures of a role add to a run's key; "" where the config tells all of it.

        Raises:
            InputError: if they are not there.
        """
