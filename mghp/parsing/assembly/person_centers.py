"""Human pixels -> instances, by person centre and offset (Panoptic-DeepLab: Cheng et al. 2020), and poses to instances.

The rival of the projection field: the same field, but every pixel points to its person's centre.
"""

from dataclasses import dataclass

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from mghp.parsing.assembly.peaks import find_peaks
from mghp.parsing.assembly.pixels import group_pixels
from mghp.parsing.fields import Fields


@dataclass
class Instances:
    """Persons of one picture, found from their pixels, the surest centre first.

    Attributes:
        person_ids: (height, width) int64: 0 nobody, p + 1 instance p.
        confidences: of their centres, (instance,), in [0, 1].
    """

    person_ids: Tensor
    confidences: Tensor


def find_centers(fields: Fields, picture: int, threshold: float, max_centers: int) -> Tensor:
    """Return the peaks of the heatmap of centres, the surest first, (person, 1, 3): x, y in pixels, confidence.

    Args:
        fields: of a batch, with centres.
        picture: which of them.
        threshold: least confidence of a centre.
        max_centers: most of them.

    Raises:
        ValueError: if the fields have no centres.
    """
    if fields.centers is None:
        raise ValueError("pixels cannot be grouped by centres: the fields have none")
    peaks = find_peaks(fields.centers[picture : picture + 1], None, fields.keypoint_stride, threshold, max_centers)
    found = peaks.is_candidate[0, 0]
    positions, confidences = peaks.positions_input[0, 0][found], peaks.scores[0, 0][found]
    return torch.cat([positions, confidences[:, None]], 1)[:, None]


def instances_of(ids: Tensor, centers: Tensor) -> Instances:
    """Return the persons of centres (person, 1, 3) that have a pixel, by whose the pixels are (height, width)."""
    has_pixel = torch.bincount(ids.flatten(), minlength=len(centers) + 1)[1:] > 0
    new_id = torch.cat([has_pixel.new_zeros(1), has_pixel]).cumsum(0)
    return Instances(torch.where(ids > 0, new_id[ids], 0), centers[has_pixel, 0, 2])


def nearest_centers(
    fields: Fields, picture: int, is_human: Tensor, centers: Tensor, max_distance: float | None = None
) -> Tensor:
    """Give each human pixel to the person whose centre is nearest to where its offset lands, in pixels.

    A centre has no keypoints around it, and so no size that distances could be relative to.

    Args:
        fields: of a batch, whose projection points to centres.
        picture: which of them.
        is_human: (height, width) bool.
        centers: (person, 1, 3): x, y, and 0 where a person has none.
        max_distance: pixels from the centre beyond which a pixel is given to nobody; None for no bound.

    Returns:
        (height, width) int64: 0 nobody, p + 1 person p.
    """
    return group_pixels(fields, picture, is_human, centers, centers.new_ones(len(centers)), max_distance)


def join_poses(keypoints: Tensor, instances: Instances) -> tuple[Tensor, Tensor]:
    """Join poses to instances, one to one, so that most keypoints lie on their instance's pixels (Hungarian).

    An instance that no pose has a keypoint on is a person without keypoints. A pose that no instance is left for is a
    person without pixels, as a pose is that no pixel of the projection field lands at: it scores 0, and comes last.

    Args:
        keypoints: (pose, keypoint, 3): x, y, confidence; 0 where not found.
        instances: of the same picture.

    Returns:
        Keypoints (person, keypoint, 3), first the instances in their order, then the poses left; and the confidence of
        each person's centre, (person,), 0 without an instance.
    """
    number, poses = len(instances.confidences), len(keypoints)
    joined = keypoints.new_zeros(number, *keypoints.shape[1:])
    shared = _keypoints_on_instances(keypoints, instances.person_ids, number)
    pose, instance = (torch.from_numpy(index).to(shared.device) for index in linear_sum_assignment(-shared.cpu()))
    on_it = shared[pose, instance] > 0
    pose, instance = pose[on_it], instance[on_it]
    joined[instance] = keypoints[pose]
    is_left = torch.ones(poses, dtype=torch.bool, device=keypoints.device)
    is_left[pose] = False
    none = instances.confidences.new_zeros(int(is_left.sum()))
    return torch.cat([joined, keypoints[is_left]]), torch.cat([instances.confidences, none])


def _keypoints_on_instances(keypoints: Tensor, person_ids: Tensor, instances: int) -> Tensor:
    """Count how many of a pose's keypoints lie on an instance's pixels: (pose, instance)."""
    height, width = person_ids.shape
    column, row = (keypoints[..., axis].floor().long() for axis in (0, 1))
    inside = (keypoints[..., 2] > 0) & (column >= 0) & (column < width) & (row >= 0) & (row < height)
    owner = person_ids[row.clamp(0, height - 1), column.clamp(0, width - 1)] * inside
    return torch.nn.functional.one_hot(owner, instances + 1)[..., 1:].sum(1)
