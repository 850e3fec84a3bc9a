"""Metrics that keep rows of numbers of every picture: of its detections, say."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.distributed
from numpy.typing import NDArray
from torch import Tensor
from torchmetrics import Metric


class PictureRows(Metric):
    """A metric whose `compute` finds what `update` adds in the pictures' order.

    The order matters where scores tie. Over several processes a picture's place is the one that torch's
    DistributedSampler dealt it from (process r gets pictures r, r + processes, ...), so that any number of processes
    computes what one does, to the last bit.

    Args:
        width: numbers a row.
        about: numbers of a picture.
    """

    full_state_update = False
    rows: list[Tensor]
    about: list[Tensor]

    def __init__(self, width: int, about: int) -> None:
        super().__init__()
        self._width, self._about = width, about
        # A row a detection, and a row a picture: concatenated, so that processes may have seen unequal numbers.
        self.add_state("rows", [], dist_reduce_fx="cat")
        self.add_state("about", [], dist_reduce_fx="cat")

    def add_picture(self, rows: NDArray[Any], about: Sequence[float]) -> None:
        """Add one picture.

        Args:
            rows: (any number, width).
            about: of the picture.
        """
        place = len(self.about)
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            place = place * torch.distributed.get_world_size() + torch.distributed.get_rank()
        self.rows.append(torch.from_numpy(np.asarray(rows, np.float64).reshape(len(rows), self._width)))
        self.about.append(torch.tensor([[place, len(rows), *about]], dtype=torch.float64))

    def pictures(self) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Return the rows of each picture in order, and what was told about it."""
        rows, about = _joined(self.rows, self._width), _joined(self.about, self._about + 2)
        if not len(about):
            return []
        of_picture = np.split(rows, np.cumsum(about[:-1, 1].astype(np.int64)))
        return [(of_picture[place], about[place, 2:]) for place in np.argsort(about[:, 0], kind="stable")]


def _joined(state: list[Tensor] | Tensor, width: int) -> NDArray[np.float64]:
    """Return a "cat" state's rows: torchmetrics leaves a list in one process, and one tensor after a sync."""
    tensors = [state] if isinstance(state, Tensor) else state
    return np.concatenate([np.zeros((0, width)), *(tensor.cpu().numpy() for tensor in tensors)])
