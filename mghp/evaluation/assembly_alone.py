"""The assembly alone, from true fields to persons: what each of its steps loses, whatever the network."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons
from mghp.config.schema import Config
from mghp.datasets.sample import PictureSet
from mghp.evaluation.oracles import true_poses
from mghp.matching import make_matcher
from mghp.metrics.parsing import parsing_metrics
from mghp.parsing.assembly.affinities import Affinity
from mghp.parsing.assembly.assemble import Assembler
from mghp.parsing.assembly.peaks import Candidates
from mghp.parsing.assembly.truth import candidate_owners
from mghp.parsing.batch import Batch, batches
from mghp.parsing.build import anatomy_of
from mghp.parsing.fields import Fields
from mghp.parsing.true_fields import true_fields, true_part_logits
from mghp.problems.problem_set import NOBODY
from mghp.progress import Progress
from mghp.runs.folder import RunFolder
from mghp.training.parsing_module import true_persons

MATCHERS = ("pgd_dykstra", "hungarian", "linear_program")
"""The matchers compared on the same fields."""

STEPS = (
    "projection",
    "field_resolution",
    "peaks",
    *(f"{step}_{name}" for name in MATCHERS for step in ("matching", "parts_resolution")),
    "not_normalised",
)
"""The steps of the assembly, each with all before it; `mghp.studies.parsing.tables` explains them."""


def run_assembly_alone(config: Config, validation: PictureSet, progress: Progress) -> Path:
    """Score the assembly of true fields step by step into a run folder, as `assembly/<step>/<score>`."""
    anatomy = anatomy_of(config)
    folder = RunFolder(config, validation.fingerprint)
    metrics = {step: parsing_metrics(anatomy, config.metrics) for step in STEPS}
    with folder.timed("assemble"):
        for first, batch in batches(validation, anatomy.num_keypoints):
            for step, found in _people_by_step(config, anatomy, batch):
                for predicted, true in zip(found, true_persons(batch), strict=True):
                    metrics[step].update(predicted, true)
            progress(first + len(batch), len(validation), "assemble")
    scores = {
        f"assembly/{step}/{name}": float(value)
        for step, collection in metrics.items()
        for name, value in collection.compute().items()
    }
    folder.finish(scores)
    return folder.path


def _people_by_step(config: Config, anatomy: Anatomy, batch: Batch) -> Iterator[tuple[str, list[PredictedPersons]]]:
    """Yield the persons found when a step and all before it are taken, and the others are skipped."""
    strides = dict(vars(config.network.strides))
    grouped_by = config.assembly.points_towards, config.assembly.finds_centers
    at_heads = true_fields(batch, anatomy, strides, *grouped_by)
    sharp_field = true_fields(batch, anatomy, {**strides, "parts": 1, "field": 1}, *grouped_by)
    sharp_parts = replace(at_heads, part_logits=true_part_logits(batch.parts, anatomy.num_labels, 1), part_stride=1)
    assembler = _assembler(config, anatomy, "hungarian")
    poses = true_poses(batch)
    yield "projection", _with_pixels(assembler, sharp_field, poses)
    yield "field_resolution", _with_pixels(assembler, sharp_parts, poses)
    matched = _truly_matched(assembler.candidates(at_heads), batch, anatomy, strides["keypoints"])
    yield "peaks", _with_pixels(assembler, sharp_parts, matched)
    for name in MATCHERS:
        yield f"matching_{name}", _assembler(config, anatomy, name)(sharp_parts)
        yield f"parts_resolution_{name}", _assembler(config, anatomy, name)(at_heads)
    plain = replace(config.assembly, normalise_by_size=False)
    yield "not_normalised", _assembler(replace(config, assembly=plain), anatomy, "hungarian")(at_heads)


def _assembler(config: Config, anatomy: Anatomy, matcher: str) -> Assembler:
    affinity = Affinity(
        anatomy.skeleton.limbs,
        num_samples=config.assembly.num_samples,
        evidence=config.network.limbs,
        limb_ratios=anatomy.skeleton.known_limb_ratios,
    )
    return Assembler(anatomy, make_matcher(matcher, **config.matcher.options(matcher)), affinity, config.assembly)


def _with_pixels(assembler: Assembler, fields: Fields, poses: list[Tensor]) -> list[PredictedPersons]:
    return [assembler.with_pixels(fields, picture, pose) for picture, pose in enumerate(poses)]


def _truly_matched(candidates: Candidates, batch: Batch, anatomy: Anatomy, stride: int) -> list[Tensor]:
    """Return the poses that a perfect matcher makes of candidates: x, y, confidence, (person, keypoint, 3) each."""
    owner = candidate_owners(candidates, batch, anatomy.skeleton, stride)
    poses = torch.zeros_like(batch.keypoints)
    picture, keypoint, candidate = (owner != NOBODY).nonzero(as_tuple=True)
    person = owner[picture, keypoint, candidate]
    poses[picture, person, keypoint, :2] = candidates.positions_input[picture, keypoint, candidate]
    poses[picture, person, keypoint, 2] = candidates.scores[picture, keypoint, candidate]
    return [pose[(pose[..., 2] > 0).any(-1)] for pose in poses]
