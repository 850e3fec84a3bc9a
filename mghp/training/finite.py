"""Checks that losses, fields and weights are finite, naming what is not, and on which pictures."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from mghp.errors import InputError
from mghp.parsing.fields import Fields

MOST_IN_A_ROW = 10
"""The most steps skipped in a row: if more fail, the weights are at fault and not the pictures."""

_LOGGER = logging.getLogger("mghp")


class NotFiniteError(InputError):
    """A loss, field or weight of a training that is not finite."""


class FiniteLosses:
    """Stops a training at the first loss that is not finite, or skips its step.

    Args:
        then: "stop" or "skip"; a skipped batch is a step of gradient 0.

    Attributes:
        skipped: number of steps skipped so far.
    """

    def __init__(self, then: Literal["stop", "skip"]) -> None:
        self.then = then
        self.skipped = 0
        self._in_a_row = 0

    def __call__(
        self,
        total: Tensor,
        losses: Mapping[str, Tensor],
        pictures: Sequence[str],
        step: int,
        statistics: Iterable[Tensor] = (),
    ) -> bool:
        """Return True if the step can be taken, False if it is skipped.

        Args:
            total: the loss to descend on.
            losses: the summed losses by branch.
            pictures: names of the batch's pictures.
            step: step of the training.
            statistics: running statistics of the network, which one batch can spoil for good.

        Raises:
            NotFiniteError: naming branches and pictures, if the total is not finite and may not be skipped.
        """
        if bool(torch.isfinite(total)):
            self._in_a_row = 0
            return True
        self._in_a_row += 1
        branches = [name for name, loss in losses.items() if not bool(torch.isfinite(loss))]
        what = f"the loss of {', '.join(branches) or 'all branches together'} is not finite at step {step}"
        where = f"pictures {', '.join(pictures)}"
        if self.then == "stop":
            raise NotFiniteError(f"training: {what}; {where}; training.on_non_finite=skip skips such steps")
        if self._in_a_row > MOST_IN_A_ROW:
            raise NotFiniteError(f"training: {what}, as at the {MOST_IN_A_ROW} steps before; {where}")
        if not all(bool(torch.isfinite(values).all()) for values in statistics):
            raise NotFiniteError(f"training: {what}, nor are the network's running statistics now; {where}")
        self.skipped += 1
        _LOGGER.warning("skipped a step: %s; %s", what, where)
        return False


def check_fields(fields: Fields, pictures: Sequence[str]) -> None:
    """Refuse fields that no matcher takes.

    Raises:
        NotFiniteError: naming the first field that is not finite, and the pictures.
    """
    for name, values in vars(fields).items():
        if isinstance(values, Tensor) and not bool(torch.isfinite(values).all()):
            where = f"validation pictures {', '.join(pictures)}"
            raise NotFiniteError(f"training: the network's {name.replace('_', ' ')} are not finite; {where}")


def check_weights(module: nn.Module, step: int) -> None:
    """Refuse to keep weights that are not finite.

    Raises:
        NotFiniteError: naming the first of them.
    """
    for name, value in module.named_parameters():
        if not bool(torch.isfinite(value).all()):
            raise NotFiniteError(f"training: the weights {name} are not finite after step {step}")
