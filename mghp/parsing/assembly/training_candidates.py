"""Candidates to train the matching on: predicted peaks, or true keypoints displaced and mixed with false ones."""

import torch
from torch import Tensor

from mghp.parsing.assembly.peaks import Candidates


def strongest(candidates: Candidates, number: int) -> Candidates:
    """At most `number` candidates a type, the strongest."""
    if candidates.scores.shape[-1] <= number:
        return candidates
    kept = candidates.scores.where(candidates.is_candidate, -torch.inf).topk(number, -1).indices
    return Candidates(
        positions_input=candidates.positions_input.gather(2, kept[..., None].expand(-1, -1, -1, 2)),
        scores=candidates.scores.gather(2, kept),
        is_candidate=candidates.is_candidate.gather(2, kept),
    )


def made_up(
    keypoints: Tensor,
    person_size: Tensor,
    image_size: tuple[int, int],
    number: int,
    jitter: float,
    spurious: float,
    generator: torch.Generator,
) -> Candidates:
    """Jittered true keypoints and false ones, as if a heatmap had found them.

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
    return Candidates(
        positions_input=positions.gather(2, first[..., None].expand(-1, -1, -1, 2)),
        scores=real.gather(2, first).to(positions.dtype),
        is_candidate=real.gather(2, first),
    )


def chosen(made: Candidates, predicted: Candidates, is_made: Tensor) -> Candidates:
    """For each picture the made-up candidates or the predicted ones.

    Args:
        made: made up.
        predicted: peaks, of the same batch.
        is_made: (batch,) bool.
    """
    number = max(made.scores.shape[-1], predicted.scores.shape[-1])
    made, predicted = _widened(made, number), _widened(predicted, number)
    pick = is_made[:, None, None]
    return Candidates(
        positions_input=torch.where(pick[..., None], made.positions_input, predicted.positions_input),
        scores=torch.where(pick, made.scores, predicted.scores),
        is_candidate=torch.where(pick, made.is_candidate, predicted.is_candidate),
    )


def _widened(candidates: Candidates, number: int) -> Candidates:
    """Padded to `number` candidates a type."""
    missing = number - candidates.scores.shape[-1]
    pad = torch.nn.functional.pad
    return Candidates(
        positions_input=pad(candidates.positions_input, (0, 0, 0, missing)),
        scores=pad(candidates.scores, (0, missing)),
        is_candidate=pad(candidates.is_candidate, (0, missing)),
    )
