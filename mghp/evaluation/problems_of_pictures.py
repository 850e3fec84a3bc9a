"""`mghp data problems`: the matching problems that a trained network leaves on labelled pictures, with human truth.

Candidates, confidences and affinities are those of the assembly: peaks of the heatmaps, and signed scores before any
matcher. A candidate is a person's by the rule that training through the matcher uses (`assembly.truth.owners`): one to
one, within half the OKS radius or a heatmap's cell.

Truth is as complete as its labels. Where it is not, a candidate is in doubt (`Doubt`), kept in the file, and left out
of the problems:

* It lies where nobody labelled keypoints: in a crowd, on a person without any, or beside the annotated boxes of a
  picture without masks. Training leaves it out, too.
* It is nobody's, and lies on a labelled person (on the mask, or without masks in the box) of whom this keypoint is not
  labelled: the network may be right. One that is hidden behind another person who has that keypoint counts as false.
* It is nobody's, and lies outside the boxes of all labelled persons, grown by a fifth: someone may be there whom nobody
  labelled (`data.predicted_problems.near_nobody` keeps such candidates).

What is then scored says nothing of such places. Pictures without keypoint labels are left out whole.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mghp.anatomy.skeleton import Skeleton
from mghp.config.load import load_config
from mghp.datasets.pictures import check_pictures, load_validation
from mghp.datasets.resized import ResizedSamples
from mghp.datasets.sample import Samples
from mghp.errors import InputError
from mghp.evaluation.doubts import judged_candidates
from mghp.evaluation.evaluate import weights_hash
from mghp.parsing.assembly.affinities import field_samples
from mghp.parsing.batch import Batch, batches
from mghp.parsing.build import anatomy_of, load_parser
from mghp.parsing.checkpoint_places import checkpoint_to_use
from mghp.parsing.fields import Fields
from mghp.parsing.parser import Parser
from mghp.problems.pair_features import Looks, pair_features
from mghp.problems.predicted_candidates import Doubt, PictureCandidates, PredictedCandidates
from mghp.problems.problem_set import MatchingProblem
from mghp.progress import Progress


def problems_of_experiment(
    checkpoint: str | Path, experiment: Path, overrides: Sequence[str], progress: Progress
) -> PredictedCandidates:
    """Return the candidates that a checkpoint leaves on the validation pictures of a data experiment.

    Args:
        checkpoint: a file, a run folder of `mghp train`, or "shipped".
        experiment: file whose section `data` tells the pictures.
        overrides: `key=value`; those of `data` over the experiment's, the others over the checkpoint's config.
        progress: told the pictures done, and the total.

    Raises:
        InputError: if one of them is not there or does not fit the other, or no picture has keypoints.
    """
    of_data = [text for text in overrides if text.startswith("data.")]
    config = load_config(experiment, of_data)
    check_pictures(config.data, to_train=False)
    file = checkpoint_to_use(checkpoint)
    parser, trained = load_parser(file, [text for text in overrides if text not in of_data])
    keypoints = parser.assembler.anatomy.skeleton.keypoints
    if not parser.assembler.anatomy.has_poses or anatomy_of(config).skeleton.keypoints != keypoints:
        raise InputError(f"{checkpoint}: was trained for other keypoints than those of {experiment}")
    pictures = load_validation(config.data, progress)
    about = {
        "checkpoint": weights_hash(file),
        "data": pictures.fingerprint,
        "assembly": dataclasses.asdict(trained.assembly),
    }
    return predicted_candidates(parser, ResizedSamples(pictures, config.data.longest_side), about, progress)


@torch.no_grad()
def predicted_candidates(
    parser: Parser, pictures: Samples, about: Mapping[str, Any], progress: Progress
) -> PredictedCandidates:
    """Return the candidates that a parser leaves on pictures, of those that have keypoints.

    Args:
        parser: in evaluation mode.
        pictures: labelled, at the size at which they are parsed.
        about: see `PredictedCandidates`.
        progress: told the pictures done, and the total.

    Raises:
        InputError: if no picture has keypoints.
    """
    skeleton = parser.assembler.anatomy.skeleton
    found: list[PictureCandidates] = []
    labelled_pairs = 0
    for first, batch in batches(pictures, len(skeleton.keypoints)):
        found += _of_batch(parser, parser.fields(batch.image), batch)
        labelled_pairs += _labelled_pairs(batch, skeleton)
        progress(first + len(batch), len(pictures), "match")
    if not found:
        raise InputError(f"data: none of {len(pictures)} pictures has keypoints")
    return PredictedCandidates(skeleton.keypoints, skeleton.limbs, tuple(found), labelled_pairs, about)


def _labelled_pairs(batch: Batch, skeleton: Skeleton) -> int:
    annotated = batch.keypoints[..., 2] > 0
    source, destination = (annotated[..., list(ends)] for ends in zip(*skeleton.limbs, strict=True))
    return int((source & destination).sum())


def _of_batch(parser: Parser, fields: Fields, batch: Batch) -> Iterator[PictureCandidates]:
    assembler = parser.assembler
    candidates, owner, doubt = judged_candidates(assembler, fields, batch)
    scored = assembler.affinity(fields, candidates)
    limbs = torch.tensor(assembler.anatomy.skeleton.limbs)
    for row in batch.has_keypoints.nonzero()[:, 0].tolist():
        there = candidates.is_candidate[row]
        position, confidence = candidates.positions_input[row][there], candidates.scores[row][there]
        limb, source, destination = scored.is_pair[row].nonzero().unbind(1)
        number = torch.full(there.shape, -1).masked_scatter(there, torch.arange(len(position)))
        ends = number[limbs[limb, 0], source], number[limbs[limb, 1], destination]
        affinity = scored.affinity[row][scored.is_pair[row]]
        yield PictureCandidates(
            name=batch.names[row],
            size=fields.image_size,
            keypoint=there.nonzero()[:, 0].numpy(),
            position=position.float().numpy(),
            confidence=confidence.float().numpy(),
            person=owner[row][there].numpy(),
            doubt=doubt[row][there].numpy(),
            affinity=affinity.float().numpy(),
            features=_features(
                fields.limb_fields[row], fields.limb_stride, assembler.affinity.num_samples, limb, ends, position,
                confidence, affinity,
            ),
        )  # fmt: skip


def _features(
    fields: Tensor,
    stride: int,
    num_samples: int,
    limb: Tensor,
    ends: tuple[Tensor, Tensor],
    position: Tensor,
    confidence: Tensor,
    affinity: Tensor,
) -> NDArray[np.float32]:
    """Return `pair_features` of the predicted limb fields and then the affinity, (pairs, num_samples + 7).

    Lengths are relative to the larger extent of all candidates of the picture: who a person is nobody knows yet.
    """
    source, destination = (position[end] for end in ends)
    samples = field_samples(fields, limb, source, destination, stride, num_samples)
    scale = float((position.amax(0) - position.amin(0)).max()) if len(position) else 0.0
    looks = Looks(confidence.double().numpy(), np.zeros(len(confidence)))
    features = pair_features(
        samples.double().numpy(), (destination - source).double().numpy(), scale, looks, *(end.numpy() for end in ends)
    )
    return np.column_stack([features, affinity.double().numpy()]).astype(np.float32)


def outcome(content: PredictedCandidates) -> str:
    """Return pictures, problems, their size, the share of true pairs there, and candidates left out, in one line."""
    problems = [problem for picture in content.pictures for problem in _known_problems(picture, content)]
    sizes = np.array([problem.affinity.shape for problem in problems]).reshape(-1, 2)
    source, destination = sizes.mean(0) if len(sizes) else (0, 0)
    present = sum(int(problem.truth.sum()) for problem in problems)
    doubt = np.concatenate([picture.doubt for picture in content.pictures])
    shares = [f"{(doubt == kind).mean() if len(doubt) else 0:.1%} {words}" for kind, words in _LEFT_OUT.items()]
    return (
        f"{len(content.pictures)} pictures, {len(problems)} problems of {source:.1f} x {destination:.1f} candidates, "
        f"{present / max(content.labelled_pairs, 1):.1%} of {content.labelled_pairs} true pairs present; of "
        f"{len(doubt)} candidates {', '.join(shares)} left out"
    )


_LEFT_OUT = {
    Doubt.UNLABELLED_REGION: "in unlabelled regions",
    Doubt.UNLABELLED_KEYPOINT: "on persons without that keypoint",
    Doubt.NEAR_NOBODY: "near nobody",
}


def _known_problems(picture: PictureCandidates, content: PredictedCandidates) -> Iterator[MatchingProblem]:
    return picture.problems(content.limbs, 0, picture.doubt == Doubt.NONE, with_features=False)
