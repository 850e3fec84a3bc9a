"""How near the limb offsets read at one candidate land to another, and back (PersonLab: Papandreou et al. 2018)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mghp.anatomy.person_size import LEAST_SIZE
from mghp.parsing.assembly.interpolation import interpolate
from mghp.parsing.fields import Fields


class Landings(nn.Module):
    """Nearness of each pair of candidates, from 0 to 1: the mean over both directions of exp(-d^2 / (2 (rho s)^2)).

    d is the distance from where the offset of one candidate lands to the other candidate; s is the size of the person,
    as the candidates' own offsets tell it: the largest length over mean ratio of the limbs that end there, so that a
    foreshortened limb is measured by its person. rho is learned, one for all limbs.

    Args:
        limbs: source and destination keypoint types.
        limb_ratios: of each limb, its mean length relative to the person's size.
        reach: rho at the start.
    """

    begins: Tensor
    ratios: Tensor

    def __init__(self, limbs: Sequence[tuple[int, int]], limb_ratios: Sequence[float], reach: float = 0.1) -> None:
        super().__init__()
        self.register_buffer("begins", torch.tensor(limbs), persistent=False)
        self.register_buffer("ratios", torch.tensor(limb_ratios), persistent=False)
        self.log_reach = nn.Parameter(torch.tensor(reach).log())

    def forward(self, fields: Fields, positions: Tensor) -> Tensor:
        """Return the nearness of all pairs, differentiably in offsets and positions.

        Args:
            fields: of a batch, with limb offsets.
            positions: candidates, (batch, keypoint, candidate, 2), pixels of the input.

        Returns:
            (batch, limb, source, destination).

        Raises:
            ValueError: if the fields have no limb offsets.
        """
        if fields.limb_offsets is None:
            raise ValueError("candidates cannot be joined by limb offsets: the fields have none")
        begins = positions[:, self.begins]
        read_at = _between_cells(begins, fields.limb_offsets.shape[-2:], fields.limb_stride)
        offsets = _read(fields.limb_offsets, read_at, fields.limb_stride)
        size = self._sizes(offsets.detach(), positions.shape[1])[:, self.begins]
        reach = self.log_reach.exp() * torch.maximum(size[:, :, 0, :, None], size[:, :, 1, None])
        landings = read_at + offsets
        forth = (landings[:, :, 0, :, None] - begins[:, :, 1, None]).square().sum(-1)
        back = (landings[:, :, 1, None] - begins[:, :, 0, :, None]).square().sum(-1)
        spread = -0.5 / reach.square()
        return ((spread * forth).exp() + (spread * back).exp()) / 2

    def _sizes(self, offsets: Tensor, keypoints: int) -> Tensor:
        """Return the size of the person that each candidate tells, pixels, (batch, keypoint, candidate)."""
        told = (offsets.norm(dim=-1) / self.ratios[:, None, None].to(offsets.dtype)).flatten(1, 2)
        size = told.new_full((len(told), keypoints, told.shape[2]), LEAST_SIZE)
        sizes: Tensor = size.scatter_reduce(1, self.begins.view(1, -1, 1).expand_as(told), told, "amax")
        return sizes


def _between_cells(positions: Tensor, cells: Sequence[int], stride: int) -> Tensor:
    """Bring positions at the picture's border to the centres of its cells: beyond these every field falls to 0."""
    last = torch.tensor([cells[1], cells[0]], device=positions.device) - 0.5
    return positions.clamp(min=stride / 2).minimum((stride * last).to(positions.dtype))


def _read(offsets: Tensor, positions: Tensor, stride: int) -> Tensor:
    """Return the offsets at positions near the limbs' ends, (batch, limb, end, candidate, 2), pixels.

    Between cells of one person the interpolated vectors lead to the same point as the cells' own.
    """
    planes = offsets.flatten(0, 2)
    plane = torch.arange(len(planes), device=planes.device).repeat_interleave(positions.shape[3])
    return interpolate(planes, plane, positions.reshape(-1, 1, 2), stride).view(positions.shape)
