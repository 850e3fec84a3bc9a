"""Fields -> persons: the whole assembly of a batch."""

import math
from dataclasses import replace

import torch
from torch import Tensor, nn

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.person_size import person_sizes
from mghp.anatomy.persons import PredictedPersons
from mghp.config.assembly import AssemblyConfig
from mghp.matching import Matcher, round_assignment
from mghp.parsing.assembly.affinities import Affinity
from mghp.parsing.assembly.duplicates import without_duplicates
from mghp.parsing.assembly.growth import grow_persons
from mghp.parsing.assembly.missing_keypoints import with_missing_keypoints
from mghp.parsing.assembly.parts import pixel_parts
from mghp.parsing.assembly.peaks import Candidates, find_peaks
from mghp.parsing.assembly.person_centers import find_centers, instances_of, join_poses, nearest_centers
from mghp.parsing.assembly.persons import merge_limbs
from mghp.parsing.assembly.pixels import Grouping, group_pixels
from mghp.parsing.assembly.regions import CONFIDENCE, with_regions
from mghp.parsing.assembly.regressed_keypoints import at_heat_nearby, regressed_at_centers, regressed_poses
from mghp.parsing.assembly.scores import scored_persons
from mghp.parsing.fields import Fields
from mghp.problems.matching_batch import MatchingBatch

REACH = 0.1
"""How far from where it is regressed a keypoint is looked for in its heatmap, relative to the person's size."""


class Assembler(nn.Module):
    """Peaks, affinities, assignment, persons, pixels and scores.

    Args:
        anatomy: skeleton and parts.
        matcher: any; a soft assignment is rounded.
        affinity: limb scores, shared with training.
        config: thresholds and choices.
    """

    def __init__(self, anatomy: Anatomy, matcher: Matcher, affinity: Affinity, config: AssemblyConfig) -> None:
        super().__init__()
        self.anatomy = anatomy
        self.matcher = matcher
        self.affinity = affinity
        self.config = config

    @torch.no_grad()
    def forward(self, fields: Fields) -> list[PredictedPersons]:
        """Return the persons of each picture, at the pictures' size."""
        candidates = self.candidates(fields)
        scored = self.score(fields, candidates)
        pairs = self.assign(scored)
        return [
            self.with_pixels(fields, picture, keypoints)
            for picture, keypoints in enumerate(self.poses(candidates, scored, pairs))
        ]

    def candidates(self, fields: Fields) -> Candidates:
        """Return the peaks of the heatmaps; none where nobody has trained these."""
        return find_peaks(
            fields.heatmaps,
            fields.keypoint_offsets,
            fields.keypoint_stride,
            self.peak_threshold,
            self.config.max_peaks,
        )

    def score(self, fields: Fields, candidates: Candidates) -> MatchingBatch:
        """Return the matching problems of candidates, affinities less `unmatched_price`, 0 outside the masks."""
        scored: MatchingBatch = self.affinity(fields, candidates)
        price = self.config.unmatched_price or 0.0
        return replace(scored, affinity=(scored.affinity - price).where(scored.is_pair, 0))

    @property
    def peak_threshold(self) -> float:
        """The least confidence of a keypoint: the config's, or infinity where nobody has trained the heatmaps."""
        return self.config.peak_threshold if self.anatomy.has_poses else math.inf

    def assign(self, scored: MatchingBatch) -> Tensor:
        """Return which pairs are limbs: bool, (batch, limb, source, destination).

        Persons that grow from their surest keypoint decide that themselves: then these are all pairs that may be limbs.
        """
        least = self.config.min_affinity or 0.0
        if self.config.growth == "surest":
            return scored.is_pair & (scored.affinity >= least)
        soft = self.matcher(scored.affinity, *scored.masks)
        return round_assignment(soft, scored.affinity, min_affinity=least, by=self.config.rounding)

    def poses(self, candidates: Candidates, scored: MatchingBatch, pairs: Tensor) -> list[Tensor]:
        """Return the persons' keypoints in each picture, (person, keypoint, 3): x, y, confidence."""
        skeleton, least = self.anatomy.skeleton, self.config.min_keypoints
        joined = grow_persons if self.config.growth == "surest" else merge_limbs
        of_pictures = zip(
            *(t.cpu().numpy() for t in (pairs, scored.affinity, candidates.positions_input, candidates.scores)),
            strict=True,
        )
        merged = [
            torch.from_numpy(joined(is_limb, affinity, positions, scores, skeleton.limbs, least)).to(pairs.device)
            for is_limb, affinity, positions, scores in of_pictures
        ]
        largest = self.config.largest_similarity
        if largest is None:
            return merged
        sigmas, mirrored = skeleton.known_sigmas, skeleton.mirrored_keypoints
        return [without_duplicates(persons, self._sizes(persons), sigmas, mirrored, largest) for persons in merged]

    @property
    def center_threshold(self) -> float:
        """The least confidence of a centre: the config's, or, where that leaves it open, Panoptic-DeepLab's."""
        given = self.config.center_threshold
        return 0.1 if given is None else given

    def _sizes(self, keypoints: Tensor) -> Tensor:
        skeleton = self.anatomy.skeleton
        return person_sizes(keypoints, skeleton.limbs, skeleton.known_limb_ratios)

    def with_pixels(self, fields: Fields, picture: int, keypoints: Tensor) -> PredictedPersons:
        """Return the persons of one picture: its parts, and each human pixel given to one of the poses `keypoints`."""
        probability, parts = pixel_parts(fields, picture)
        keypoints, ids, of_centers = self._grouped(fields, picture, parts > 0, keypoints)
        found = scored_persons(parts, probability, ids, keypoints, self.anatomy.num_labels, of_centers)
        if not (self.config.read_missing_keypoints and self.anatomy.has_poses):
            return found
        if self.config.completion == "offsets":
            keypoints = self._with_regressed(fields, picture, keypoints, ids)
        completed = with_missing_keypoints(fields, picture, keypoints, ids)
        return replace(found, keypoints=completed.cpu().numpy())

    def of_persons(self, fields: Fields, picture: int, poses: Tensor, centers: Tensor) -> PredictedPersons:
        """Return given persons of one picture, whom nothing is added to: its parts, and whose each human pixel is.

        Args:
            fields: of a batch.
            picture: which of them.
            poses: (person, keypoint, 3): x, y, confidence; 0 where a person has none. Pixels are grouped by them
                where `grouping` is `field` or `nearest`.
            centers: (person, 1, 3): x, y, confidence; 0 where a person has none. Pixels are grouped by them where
                `grouping` is `center`, and by the keypoints that are regressed at them where it is `hybrid`.
        """
        probability, parts = pixel_parts(fields, picture)
        if self.config.finds_centers:
            ids = self._owners_by_centers(fields, picture, parts > 0, centers)
        else:
            ids = self._nearest_poses(fields, picture, parts > 0, poses)
        return scored_persons(parts, probability, ids, poses, self.anatomy.num_labels, centers[:, 0, 2])

    def _with_regressed(self, fields: Fields, picture: int, keypoints: Tensor, ids: Tensor) -> Tensor:
        """Return keypoints, (person, keypoint, 3), with those that a person lacks where its pixels point to."""
        poses = regressed_poses(fields, picture, ids, len(keypoints))
        reach = REACH * self._sizes(poses)
        poses = at_heat_nearby(fields, picture, poses, reach, self.config.peak_threshold)
        return torch.where(keypoints[..., 2:] > 0, keypoints, poses.to(keypoints.dtype))

    def _grouped(
        self, fields: Fields, picture: int, is_human: Tensor, poses: Tensor
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return persons' keypoints, whose the pixels are, and how sure persons without keypoints are, if there are."""
        config = self.config
        if config.finds_centers:
            centers = find_centers(fields, picture, self.center_threshold, config.max_peaks)
            found = instances_of(self._owners_by_centers(fields, picture, is_human, centers), centers)
            keypoints, confidences = join_poses(poses, found)
            return keypoints, found.person_ids, confidences
        ids = self._nearest_poses(fields, picture, is_human, poses)
        if config.unclaimed == "nobody":
            return poses, ids, None
        ids, persons = with_regions(ids, is_human, poses)
        return persons, ids, persons.new_full((len(persons),), CONFIDENCE)

    def _owners_by_centers(self, fields: Fields, picture: int, is_human: Tensor, centers: Tensor) -> Tensor:
        """Return whose the pixels are, (height, width): 0 nobody, p + 1 the person of centre p."""
        if self.config.grouping == "center":
            return nearest_centers(fields, picture, is_human, centers, self.config.max_distance)
        return self._nearest_poses(fields, picture, is_human, regressed_at_centers(fields, picture, centers))

    def _nearest_poses(self, fields: Fields, picture: int, is_human: Tensor, poses: Tensor) -> Tensor:
        """Return whose the pixels are by the nearest keypoint, (height, width): 0 nobody, p + 1 person p."""
        by: Grouping = "nearest" if self.config.grouping == "nearest" else "field"
        size = self._sizes(poses)
        if not self.config.normalise_by_size:
            size = torch.ones_like(size)
        return group_pixels(fields, picture, is_human, poses, size, self.config.max_distance, by)
