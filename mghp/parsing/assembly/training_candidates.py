"""Candidates to train the matching on: predicted peaks, or true keypoints displaced and mixed with false ones."""

import torch
from torch import Tensor

from mghp.parsing.assembly.peaks import Candidates


def strongest(candidates: Candidates, number: int) -> Candidates:
    """Keep at most `number` candidates a type, the strongest."""
    if candidates.scores.shape[-1] <= number:
        return candidates
    return _taken(candidates, candidates.scores.where(candidates.is_candidate, -torch.inf).topk(number, -1).indices)


def made_up(
    keypoints: Tensor,
    person_size: Tensor,
    image_size: tuple[int, int],
    number: int,
    jitter: float,
    spurious: float,
    generator: torch.Generator,
) -> Candidates:
    """Displace true keypoints and mix them with false ones, as if a heatmap had found them.

    Args:
        keypoints: (batch, person, keypoint, 3): x_input, y_input, visibility.
        person_size: pixels, (batch, person).
        image_size: (height, width).
        number: candidates a type at most; true ones come first.
        jitter: standard deviation of the displacement, relative to the person's size.
        spurious: expected number of false candidates a type (Poisson), uniform over the picture.
        generator: of the random numbers, on the CPU.

    Returns:
        Candidates with score 1, `number` a type.
    """
    batch, _, types, _ = keypoints.shape
    device = keypoints.device
    height, width = image_size

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator).to(device)

    true = keypoints[..., :2].transpose(1, 2)
    true = true + jitter * person_size[:, None, :, None] * normal(*true.shape)
    annotated = (keypoints[..., 2] > 0).transpose(1, 2)
    anywhere = torch.rand(batch, types, number, 2, generator=generator).to(device)
    false = anywhere * torch.tensor([width, height], device=device)
    how_many = torch.poisson(torch.full((batch, types, 1), spurious), generator=generator).to(device)
    is_false = torch.arange(number, device=device) < how_many
    positions = torch.cat([true, false], 2)
    real = torch.cat([annotated, is_false], 2)
    first = real.to(torch.int8).sort(dim=-1, descending=True, stable=True).indices[..., :number]
    return _taken(Candidates(positions, real.to(positions.dtype), real), first)


def chosen(made: Candidates, predicted: Candidates, is_made: Tensor) -> Candidates:
    """Take the made-up candidates of some pictures, and the predicted ones of the others.

    Args:
        made: made up.
        predicted: peaks, of the same batch.
        is_made: (batch,) bool.
    """
    number = max(made.scores.shape[-1], predicted.scores.shape[-1])
    pairs = zip(_widened(made, number), _widened(predicted, number), strict=True)
    return Candidates(*(torch.where(is_made.view(-1, *[1] * (one.ndim - 1)), one, other) for one, other in pairs))


def _taken(candidates: Candidates, kept: Tensor) -> Candidates:
    """Return the candidates at these places, (batch, keypoint, kept)."""
    return Candidates(
        positions_input=candidates.positions_input.gather(2, kept[..., None].expand(-1, -1, -1, 2)),
        scores=candidates.scores.gather(2, kept),
        is_candidate=candidates.is_candidate.gather(2, kept),
    )


def _widened(candidates: Candidates, number: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return positions, scores and whether they are candidates, padded to `number` a type."""
    missing = number - candidates.scores.shape[-1]
    pad = torch.nn.functional.pad
    return (
        pad(candidates.positions_input, (0, 0, 0, missing)),
        pad(candidates.scores, (0, missing)),
        pad(candidates.is_candidate, (0, missing)),
    )
