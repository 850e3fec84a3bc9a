"""Losses that are not finite: which branch, on which pictures, and what then."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from mghp.errors import InputError
from mghp.parsing.fields import Fields

MOST_IN_A_ROW = 10
"""Steps that may be skipped one after the other: where all fail, the weights do, and not the pictures."""

_LOGGER = logging.getLogger("mghp")


class NotFiniteError(InputError):
    """A training that has left the finite numbers."""


class FiniteLosses:
    """Stops a training at the first loss that is not finite, or lets it step over some.

    Args:
        then: "stop", or "skip": such a batch is a step of gradient 0.

    Attributes:
        skipped: steps left out so far.
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
        """Whether a step can be taken.

        Args:
            total: the loss to descend on.
            losses: its parts, by branch.
            pictures: names of the batch's.
            step: of the training.
            statistics: running ones of the network, which one batch can spoil for good.

        Raises:
            NotFiniteError: naming branches and pictures, if the total is not finite and may not be stepped over.
        """
        if bool(torch.isfinite(total)):
            self._in_a_row = 0
            return True
        self._in_a_row += 1
        branches = [name for name, loss in losses.items() if not bool(torch.isfinite(loss))]
        what = f"the loss of {', '.join(branches) or 'all branches together'} is not finite at step {step}"
        where = f"pictures {', '.join(pictures)}"
        if self.then == "stop":
            raise NotFiniteError(f"training: {what}; {where}; training.on_non_finite=skip would go on")
        if self._in_a_row > MOST_IN_A_ROW:
            raise NotFiniteError(f"training: {what}, as at the {MOST_IN_A_ROW} steps before; {where}")
        if not all(bool(torch.isfinite(values).all()) for values in statistics):
            raise NotFiniteError(f"training: {what}, nor are the network's running statistics now; {where}")
        self.skipped += 1
        _LOGGER.warning("skipped a step: %s; %s", what, where)
        return False


def check_fields(fields: Fields, pictures: Sequence[str]) -> None:
    """Refuse to assemble what no matcher takes.

    Raises:
        NotFiniteError: naming the first field that is not finite, and the pictures.
    """
    for name, values in vars(fields).items():
        if isinstance(values, Tensor) and not bool(torch.isfinite(values).all()):
            where = f"validation pictures {', '.join(pictures)}"
            raise NotFiniteError(f"training: the network's {name.replace('_', ' ')} are not finite; {where}")


def check_weights(module: nn.Module, step: int) -> None:
    """Refuse to keep weights that nothing can be done with.

    Raises:
        NotFiniteError: naming the first that are not finite.
    """
    for name, value in module.named_parameters():
        if not bool(torch.isfinite(value).all()):
            raise NotFiniteError(f"training: the weights {name} are not finite after step {step}")
