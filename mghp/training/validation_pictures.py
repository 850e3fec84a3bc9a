"""Pictures of a parser at work: predicted persons beside the true ones, and the matching inside."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons
from mghp.matching import IterativeMatcher, Matcher
from mghp.parsing.assembly.truth import candidate_owners, true_pairs
from mghp.parsing.batch import Batch
from mghp.parsing.fields import Fields
from mghp.pictures.assignments import LimbAssignment, assignments_picture
from mghp.pictures.canvas import Rgb
from mghp.pictures.convergence import trace_picture
from mghp.pictures.legend import panel_legend
from mghp.pictures.panel import people_panel
from mghp.pictures.picture_fields import picture_fields
from mghp.pictures.sheet import panels_sheet
from mghp.problems.matching_batch import MatchingBatch
from mghp.training.parsing_module import ParsingModule, true_persons

_COLUMNS = 5
_SHOWN_SIDE = 384
"""The longer side up to which small pictures are enlarged by a whole factor, pixels."""

_LIMBS = 6
"""The number of limbs whose assignment is drawn."""


def people_panels(
    batch: Batch, predicted: list[PredictedPersons], fields: Fields | None, anatomy: Anatomy
) -> list[Rgb]:
    """Draw a panel per picture of a batch, from its predicted persons and, where there are some, predicted fields."""
    zoom = max(1, _SHOWN_SIDE // max(batch.image.shape[2:]))
    images = batch.image.permute(0, 2, 3, 1).contiguous().cpu().numpy()
    shown = [None if fields is None else picture_fields(fields, row) for row in range(len(batch))]
    rows = zip(images, predicted, true_persons(batch), shown, strict=True)
    return [people_panel(*row, anatomy, columns=_COLUMNS, zoom=zoom) for row in rows]


def people_sheet(panels: Sequence[Rgb], anatomy: Anatomy, titles: Sequence[str]) -> Rgb:
    """Draw panels of any sizes under their titles, with one legend."""
    return panels_sheet(panels, titles, footer=panel_legend(anatomy.parts, max(panel.shape[1] for panel in panels)))


@torch.no_grad()
def matching_pictures(module: ParsingModule, batch: Batch, fields: Fields) -> dict[str, Rgb]:
    """Draw soft assignments of the most contested limbs of a batch's first picture, and the matcher's convergence.

    Returns:
        `assignments`, and for an iterative matcher `matcher_trace`.
    """
    anatomy, assembler = module.assembler.anatomy, module.assembler
    candidates = assembler.candidates(fields)
    scored = assembler.score(fields, candidates)
    owner = candidate_owners(candidates, batch, anatomy.skeleton, fields.keypoint_stride)
    truth = true_pairs(owner, anatomy.skeleton.limbs)
    soft = assembler.matcher(scored.affinity, *scored.masks)
    size = scored.is_pair[0].sum((-2, -1))
    shown = [int(limb) for limb in size.argsort(descending=True, stable=True)[:_LIMBS] if size[limb]]
    names = anatomy.skeleton.keypoints
    limbs = []
    for limb in shown:
        rows, columns = scored.source_mask[0, limb], scored.destination_mask[0, limb]
        source, destination = (names[end].replace("_", " ") for end in anatomy.skeleton.limbs[limb])
        limbs.append(
            LimbAssignment(
                name=f"{source} to {destination}",
                values=soft[0, limb][rows][:, columns].cpu().numpy(),
                truth=truth[0, limb][rows][:, columns].cpu().numpy().astype(np.uint8),
            )
        )
    pictures = {"assignments": assignments_picture(limbs)}
    traced = _trace(assembler.matcher, scored[0])
    return pictures if traced is None else {**pictures, "matcher_trace": traced}


def _trace(matcher: Matcher, limbs: MatchingBatch) -> Rgb | None:
    is_problem = limbs.is_pair.any(-1).any(-1)
    if not isinstance(matcher, IterativeMatcher) or not bool(is_problem.any()):
        return None
    problems = limbs[is_problem]
    trace = matcher.trace(problems.affinity, *problems.masks)
    return trace_picture(trace.gap.cpu().numpy(), trace.violation.cpu().numpy())


def first_pictures(batch: Batch, number: int) -> Batch:
    """Return the first `number` pictures of a batch."""
    kept = {name: value[:number] for name, value in vars(batch).items()}
    return replace(batch, **kept)


@torch.no_grad()
def draw_batch(module: ParsingModule, batch: Batch) -> dict[str, Rgb]:
    """Draw `people`, `assignments` and `matcher_trace` of a batch, (height, width, 3) uint8 each."""
    fields = module.fields(batch.image)
    found = module.assembler(fields)
    anatomy = module.assembler.anatomy
    sheet = people_sheet(people_panels(batch, found, fields, anatomy), anatomy, batch.names)
    return {"people": sheet, **matching_pictures(module, batch, fields)}
