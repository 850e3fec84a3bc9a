"""Heatmaps -> candidate keypoints."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass
class Candidates:
    """Candidate keypoints of a batch, padded and masked.

    Attributes:
        positions_input: (batch, keypoint, candidate, 2): (x, y) in pixels of the input.
        scores: (batch, keypoint, candidate), confidences in [0, 1].
        is_candidate: (batch, keypoint, candidate) bool: real, not padding.
    """

    positions_input: Tensor
    scores: Tensor
    is_candidate: Tensor


def find_peaks(
    heatmaps: Tensor,
    offsets: Tensor | None,
    stride: int,
    threshold: float = 0.1,
    max_peaks: int = 30,
) -> Candidates:
    """Find the 3 x 3 local maxima over a threshold, strongest first.

    Of equal neighbours the first in reading order counts, so that a plateau, or a keypoint right between two cells,
    gives one peak.

    Args:
        heatmaps: (batch, keypoint, height, width), confidences.
        offsets: (batch, keypoint, 2, height, width), (x, y) in pixels from a cell's centre to the keypoint; None: a
            parabola through the logarithms of the peak and its neighbours tells the sub-pixel position.
        stride: pixels a cell.
        threshold: least confidence.
        max_peaks: most candidates a type and picture.

    Returns:
        As many candidates a type as the fullest type has, at least one.
    """
    scores = _peak_scores(heatmaps, threshold)
    number = int((scores > 0).sum(-1).max().clamp(min=1, max=max_peaks)) if scores.numel() else 1
    return _strongest(scores, heatmaps, offsets, stride, min(number, scores.shape[-1]))


def top_peaks(
    heatmaps: Tensor, offsets: Tensor | None, stride: int, threshold: float = 0.1, num_peaks: int = 16
) -> Candidates:
    """Find peaks in fixed number: no shape depends on what is found, as torch.export wants it; else `find_peaks`.

    Args:
        heatmaps: (batch, keypoint, height, width), confidences; at least `num_peaks` cells.
        offsets: see `find_peaks`.
        stride: pixels a cell.
        threshold: least confidence.
        num_peaks: candidates a type and picture; where there are fewer peaks, the rest is padding.

    Returns:
        Exactly `num_peaks` candidates a type, strongest first.
    """
    return _strongest(_peak_scores(heatmaps, threshold), heatmaps, offsets, stride, num_peaks)


def _peak_scores(heatmaps: Tensor, threshold: float) -> Tensor:
    """Return the confidences of the peaks, 0 elsewhere: (batch, keypoint, cell)."""
    return torch.where(_is_peak(heatmaps, threshold), heatmaps, 0).flatten(2)


def _strongest(scores: Tensor, heatmaps: Tensor, offsets: Tensor | None, stride: int, number: int) -> Candidates:
    """Return the `number` best of the peaks' scores, and where exactly they lie."""
    width = heatmaps.shape[3]
    best, cell = scores.topk(number, -1)
    is_candidate = best > 0
    row = cell // width
    column = cell - width * row  # unlike %, this goes to ONNX where the width is left open
    centres = stride * (torch.stack([column, row], -1) + 0.5).to(heatmaps.dtype)
    if offsets is None:
        shift = _parabola_shift(heatmaps, row, column) * stride
    else:
        shift = offsets.flatten(3).gather(3, cell[:, :, None].expand(-1, -1, 2, -1)).transpose(2, 3)
    return Candidates(
        positions_input=torch.where(is_candidate[..., None], centres + shift, 0),
        scores=best,
        is_candidate=is_candidate,
    )


def _is_peak(heatmaps: Tensor, threshold: float) -> Tensor:
    """Return where a cell is at least as hot as what comes after, and hotter than what comes before."""
    padded = functional.pad(heatmaps, (1, 1, 1, 1), value=-torch.inf)
    of_three = torch.maximum(torch.maximum(padded[..., :-2], padded[..., 1:-1]), padded[..., 2:])
    before = torch.maximum(of_three[..., :-2, :], padded[..., 1:-1, :-2])
    after = torch.maximum(of_three[..., 2:, :], padded[..., 1:-1, 2:])
    return (heatmaps > before) & (heatmaps >= after.clamp(min=threshold))


def _parabola_shift(heatmaps: Tensor, row: Tensor, column: Tensor) -> Tensor:
    """Return (x, y) in cells, within half a cell, by a Gaussian through three cells along each axis."""
    padded = functional.pad(heatmaps.clamp(min=1e-6).log(), (1, 1, 1, 1), mode="replicate").flatten(2)
    width = heatmaps.shape[3] + 2

    def at(down: int, across: int) -> Tensor:
        return padded.gather(2, (row + 1 + down) * width + column + 1 + across)

    def shift(before: Tensor, middle: Tensor, after: Tensor) -> Tensor:
        curvature = (before - 2 * middle + after).clamp(max=-1e-6)
        return ((before - after) / (2 * curvature)).clamp(-0.5, 0.5)

    middle = at(0, 0)
    return torch.stack([shift(at(0, -1), middle, at(0, 1)), shift(at(-1, 0), middle, at(1, 0))], -1)
