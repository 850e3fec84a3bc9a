"""A tape of boolean tensors, one bit an entry, read from its end."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor


class SignTape:
    """The signs that a backward pass needs to know of relu: which entries were positive.

    Tensors of one shape share bytes, eight tensors to a byte, so that writing or reading one is a single operation.
    """

    def __init__(self) -> None:
        self.bytes: list[Tensor] = []
        self._order: list[tuple[int, int]] = []  # of each push: which byte tensor, which bit
        self._open: dict[torch.Size, tuple[int, int]] = {}  # of each shape: byte tensor being filled, next bit

    def push(self, *signs: Tensor) -> None:
        """Append boolean tensors, in this order."""
        for sign in signs:
            position, bit = self._open.get(sign.shape, (0, 8))
            if bit == 8:
                position, bit = len(self.bytes), 0
                self.bytes.append(sign.to(torch.uint8))
            else:
                self.bytes[position].add_(sign, alpha=1 << bit)
            self._order.append((position, bit))
            self._open[sign.shape] = (position, bit + 1)

    def backwards(self) -> Iterator[Tensor]:
        """Yield the tensors, last first."""
        for position, bit in reversed(self._order):
            yield (self.bytes[position] & (1 << bit)) != 0

    def layout(self) -> list[tuple[int, int]]:
        """Return what `restore` needs beside the byte tensors."""
        return self._order

    @classmethod
    def restore(cls, layout: list[tuple[int, int]], tensors: Sequence[Tensor]) -> "SignTape":
        """Return the tape whose `layout` and `bytes` these are."""
        tape = cls()
        tape.bytes, tape._order = list(tensors), layout
        return tape
