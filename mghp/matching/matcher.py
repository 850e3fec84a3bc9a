"""What every matcher is: a module from affinity to assignment, checked at the door."""

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from typing_extensions import override

from mghp.matching.solvers import SolverConfig
from mghp.matching.trace import Trace, trace_iterates


def is_traced() -> bool:
    """Return whether torch records operations instead of running them: torch.compile, export, tracing or torch.func."""
    tracing = torch._C._get_tracing_state() is not None
    return torch.compiler.is_compiling() or tracing or torch._C._are_functorch_transforms_active()


def has_values(affinity: Tensor) -> bool:
    """Return whether entries can be looked at: not where operations are recorded, nor on the meta device."""
    return affinity.numel() > 0 and not affinity.is_meta and not is_traced()


def check_problem(affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> None:
    """Refuse what is no matching problem.

    Raises:
        TypeError: if the affinity is not floating point, or a mask not boolean.
        ValueError: if the affinity has fewer than two dimensions, or a mask not the affinity's shape without its
            destination (or source) axis.
    """
    if not isinstance(affinity, Tensor):
        raise TypeError(f"affinity must be a torch.Tensor, got {type(affinity).__name__}")
    if not affinity.is_floating_point():
        raise TypeError(f"affinity must be floating point, got {affinity.dtype}")
    if affinity.ndim < 2:
        raise ValueError(f"affinity must be (..., source, destination), got shape {tuple(affinity.shape)}")
    masks = (("source_mask", source_mask, -1), ("destination_mask", destination_mask, -2))
    for name, mask, missing_axis in masks:
        if mask is None:
            continue
        if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
            kind = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
            raise TypeError(f"{name} must be a boolean tensor (True = real candidate), got {kind}")
        expected = list(affinity.shape)
        del expected[missing_axis]
        if list(mask.shape) != expected:
            raise ValueError(
                f"{name} must have shape {tuple(expected)} for affinity {tuple(affinity.shape)}, "
                f"got {tuple(mask.shape)}"
            )


def hide_masked(affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> Tensor:
    """Return the affinity with 0, and gradient 0, outside the masks, whatever stands there."""
    if source_mask is not None:
        affinity = torch.where(source_mask.unsqueeze(-1), affinity, 0)
    if destination_mask is not None:
        affinity = torch.where(destination_mask.unsqueeze(-2), affinity, 0)
    return affinity


def check_finite(affinity: Tensor) -> None:
    """Refuse NaN and infinity.

    Raises:
        ValueError: naming the first such entry and how many there are.
    """
    finite = torch.isfinite(affinity)
    if not bool(finite.all()):
        bad = (~finite).nonzero()
        where = tuple(bad[0].tolist())
        raise ValueError(
            f"affinity[{', '.join(map(str, where))}] is {affinity[where].item()} ({len(bad)} such entries)"
        )


class Matcher(nn.Module, ABC):
    """A module that maps affinities to assignments; subclasses solve, this class checks, flattens and casts.

    Attributes:
        differentiable: whether gradients reach the affinity. Where not, the assignment is detached.
        config: the options, as given.
    """

    differentiable: bool
    config: SolverConfig
    _has_warned = False

    def __init__(self, config: SolverConfig) -> None:
        super().__init__()
        self.config = config

    def at_step(self, step: int, process: int = 0) -> None:
        """Set the step of a training, and which of several processes it is: for matchers that draw, others ignore it.

        Args:
            step: number of the batch that is trained on, from 0.
            process: of those that train together, which draw apart.
        """

    @override
    def extra_repr(self) -> str:
        return ", ".join(f"{key}={value!r}" for key, value in vars(self.config).items())

    if TYPE_CHECKING:

        @override
        def __call__(
            self, affinity: Tensor, source_mask: Tensor | None = None, destination_mask: Tensor | None = None
        ) -> Tensor:
            """Call `forward`: nn.Module's own call may return anything, says its type."""

    def forward(
        self, affinity: Tensor, source_mask: Tensor | None = None, destination_mask: Tensor | None = None
    ) -> Tensor:
        """Assign sources to destinations.

        Args:
            affinity: limb scores, larger is better, shape (..., source, destination). float16 and bfloat16 are
                computed in float32 and returned in their own type.
            source_mask: True where a source is real, shape (..., source).
            destination_mask: True where a destination is real, shape (..., destination).

        Returns:
            The assignment, same shape and type as `affinity`, exactly 0 outside the masks.

        Raises:
            TypeError: if the affinity is not floating point, or a mask not boolean.
            ValueError: if a shape does not fit, or a real entry is NaN or infinite (not checked while torch.compile
                or export record the operations).
        """
        check_problem(affinity, source_mask, destination_mask)
        if affinity.numel() == 0:
            return affinity.clone() if self.differentiable else affinity.detach().clone()
        prepared = self._prepare(affinity, source_mask, destination_mask)
        if self.differentiable:
            assignment = self.solve(self._watched(prepared[0]), *prepared[1:])
        else:
            with torch.no_grad():
                assignment = self.solve(*prepared)
        return assignment.reshape(affinity.shape).to(affinity.dtype)

    @contextmanager
    def unwatched(self) -> Iterator[None]:
        """Warn of no missing gradient inside, for measurements: the warning is kept for a training."""
        had_warned, self._has_warned = self._has_warned, True
        try:
            yield
        finally:
            self._has_warned = had_warned

    def _watched(self, affinity: Tensor) -> Tensor:
        """Return the affinity, which will warn, once a matcher, where a backward pass leaves a whole batch at 0."""
        if self._has_warned or not (affinity.requires_grad and torch.is_grad_enabled() and has_values(affinity)):
            return affinity
        is_anything = affinity.detach().any()

        def warn_of_zeros(gradient: Tensor) -> None:
            if not self._has_warned and bool(is_anything) and not bool(gradient.any()):
                self._has_warned = True
                warnings.warn(
                    f"{type(self).__name__}: no affinity of a whole batch gets a gradient, so that training may stand "
                    "still; mghp.matching says which matchers and losses give one to any affinity",
                    RuntimeWarning,
                    stacklevel=2,
                )

        watched = affinity.view_as(affinity)  # so that no hook stays at what was given
        watched.register_hook(warn_of_zeros)  # type: ignore[no-untyped-call]
        return watched

    def _prepare(
        self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Return the problems with one batch axis, in float32 or float64, 0 outside the masks."""
        affinity = hide_masked(affinity, source_mask, destination_mask)
        if not is_traced():
            check_finite(affinity)
        if affinity.dtype not in (torch.float32, torch.float64):
            affinity = affinity.float()
        source, destination = affinity.shape[-2:]
        batch = math.prod(affinity.shape[:-2])  # -1 would not do where there is no candidate
        return (
            affinity.reshape(batch, source, destination),
            None if source_mask is None else source_mask.reshape(batch, source),
            None if destination_mask is None else destination_mask.reshape(batch, destination),
        )

    @abstractmethod
    def solve(self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> Tensor:
        """Solve a checked batch (batch, source, destination) of float32 or float64, 0 outside the masks.

        Must return exactly 0 outside the masks.
        """


class IterativeMatcher(Matcher):
    """A matcher that converges step by step and can show how."""

    @abstractmethod
    def iterates(
        self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None
    ) -> Iterator[Tensor]:
        """Yield the assignment that would be returned if the matcher stopped after each step; a checked batch."""

    @torch.no_grad()
    def trace(
        self, affinity: Tensor, source_mask: Tensor | None = None, destination_mask: Tensor | None = None
    ) -> Trace:
        """Return how the assignment converges: one entry per step in each tensor of `Trace`, shape (step, ...).

        Raises:
            TypeError: see `forward`.
            ValueError: see `forward`.

        Example:
            >>> import torch
            >>> from mghp.matching import PGDDykstra
            >>> trace = PGDDykstra(num_steps=4, step_size=0.5).trace(torch.tensor([[3.0, 2.0], [2.0, 0.0]]))
            >>> trace.gap.round(decimals=2)
            tensor([0.1100, 0.0900, 0.0800, 0.0700])
        """
        check_problem(affinity, source_mask, destination_mask)
        prepared = self._prepare(affinity, source_mask, destination_mask)
        return trace_iterates(self.iterates(*prepared), prepared[0]).reshape(affinity.shape[:-2])
