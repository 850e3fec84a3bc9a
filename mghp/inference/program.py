"""One module from a picture to soft assignments, its shapes fixed by the picture's, so that it can be exported."""

import dataclasses

from torch import Tensor, nn

from mghp.matching import PGDDykstra
from mghp.matching.solvers import PGDDykstraConfig
from mghp.parsing.assembly.peaks import top_peaks
from mghp.parsing.parser import Parser

NUM_PEAKS = 16
"""The number of candidates per keypoint type."""

NUM_STEPS, NUM_CYCLES = 10, 3
"""The number of steps T and cycles N of the matcher inside."""

OUTPUTS = {
    "part_logits": "(1, label, height / parts, width / parts) float32: logits of the parts, background first.",
    "heatmaps": "(1, keypoint, height / keypoints, width / keypoints) float32: confidences in [0, 1].",
    "keypoint_offsets": "(1, keypoint, 2, height / keypoints, width / keypoints) float32: (x, y) from a cell's centre "
    "to the keypoint, pixels.",
    "limb_fields": "(1, limb, 2, height / limbs, width / limbs) float32: unit vectors (x, y) along the limb.",
    "projection": "(1, 2, height / field, width / field) float32: (x, y) from a cell's centre to the nearest keypoint "
    "of its person, or to the person's centre; pixels.",
    "centers": "(1, 1, height / keypoints, width / keypoints) float32: confidences of persons' centres, in [0, 1]; "
    "only of a network that has them.",
    "limb_offsets": "(1, limb, 2, 2, height / limbs, width / limbs) float32: (x, y) from a cell's centre near a limb's "
    "source, or destination, to the limb's other end; pixels; only of a network that has them.",
    "pose_offsets": "(1, keypoint, 2, height / limbs, width / limbs) float32: (x, y) from a person's cell to each "
    "keypoint of that person; pixels; only of a network that has them.",
    "positions": f"(1, keypoint, {NUM_PEAKS}, 2) float32: candidates (x, y), pixels of the picture, the strongest "
    "first; 0 where there is no candidate.",
    "scores": f"(1, keypoint, {NUM_PEAKS}) float32: their confidences in [0, 1].",
    "is_candidate": f"(1, keypoint, {NUM_PEAKS}) bool: a candidate, not padding.",
    "affinity": f"(1, limb, {NUM_PEAKS}, {NUM_PEAKS}) float32: limb scores by source and destination, dimensionless, "
    "larger is better; 0 where one of them is padding.",
    "assignment": f"(1, limb, {NUM_PEAKS}, {NUM_PEAKS}) float32: soft assignment, dimensionless, 0 to 1 but for what "
    "few cycles leave over; 0 where one of them is padding.",
}
"""The outputs in order: shape, type, meaning and unit. `height / parts` and its like count the cells of a field: the
picture's pixels divided by the stride of that name, which the file's description states."""


class PictureProgram(nn.Module):
    """The network, the 16 strongest peaks per keypoint type, affinities, and PGD-Dykstra in torch operations.

    Fields are those that `mghp predict` assembles at one scale, mirrored and balanced as the config says. The matcher
    has T = 10, N = 3 and the product T alpha of `matcher.pgd_dykstra`, on which its result depends.

    Args:
        module: a trained parser in evaluation mode.
        matcher: section `matcher.pgd_dykstra` of its config, whichever matcher it was trained with.
    """

    def __init__(self, module: Parser, matcher: PGDDykstraConfig) -> None:
        super().__init__()
        self.module = module
        self.matcher = exported_matcher(matcher)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """Compute `OUTPUTS` by name.

        Args:
            image: red, green and blue, (1, 3, height, width) uint8; sides are multiples of the coarsest stride.
        """
        fields = self.module.fields(image)
        assembler = self.module.assembler
        candidates = top_peaks(
            fields.heatmaps,
            fields.keypoint_offsets,
            fields.keypoint_stride,
            assembler.peak_threshold,
            NUM_PEAKS,
        )
        scored = assembler.score(fields, candidates)
        outputs = {
            "part_logits": fields.part_logits,
            "heatmaps": fields.heatmaps,
            "keypoint_offsets": fields.keypoint_offsets,
            "limb_fields": fields.limb_fields,
            "projection": fields.projection,
            "centers": fields.centers,
            "limb_offsets": fields.limb_offsets,
            "pose_offsets": fields.pose_offsets,
            "positions": candidates.positions_input,
            "scores": candidates.scores,
            "is_candidate": candidates.is_candidate,
            "affinity": scored.affinity,
            "assignment": self.matcher(scored.affinity, *scored.masks),
        }
        return {name: value for name, value in outputs.items() if value is not None}


def exported_matcher(config: PGDDykstraConfig) -> PGDDykstra:
    """Return the matcher with T = 10, N = 3 and the same T alpha, for any device."""
    exported = dataclasses.replace(
        config,
        num_steps=NUM_STEPS,
        num_cycles=NUM_CYCLES,
        step_size=config.num_steps * config.step_size / NUM_STEPS,
        gradient_steps=0,
        backend="torch",
    )
    return PGDDykstra(**vars(exported))
