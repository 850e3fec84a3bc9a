"""The matching problems of a person's limbs: candidates, affinities, assignments, and how these converged."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mghp.matching import IterativeMatcher
from mghp.parsing.assembly.assemble import Assembler
from mghp.parsing.assembly.truth import candidate_owners, true_pairs
from mghp.parsing.batch import Batch
from mghp.parsing.fields import Fields

MOST_LIMBS = 4
"""The largest number of limbs shown per person."""

MOST_STEPS = 25
"""The largest number of a matcher's steps that are shown, closer together at the beginning."""

_SAME = 1e-3
"""Pixels within which a person's keypoint is a candidate."""


class LimbsOfBatch:
    """The matching problems of a batch's pictures.

    Args:
        fields: predicted fields.
        batch: pictures with annotated keypoints.
        assembler: assembler that scores, matches and rounds.
    """

    @torch.no_grad()
    def __init__(self, fields: Fields, batch: Batch, assembler: Assembler) -> None:
        skeleton = assembler.anatomy.skeleton
        candidates = assembler.candidates(fields)
        scored = assembler.score(fields, candidates)
        owner = candidate_owners(candidates, batch, skeleton, fields.keypoint_stride)
        soft = assembler.matcher(scored.affinity, *scored.masks)
        self._skeleton, self._matcher = skeleton, assembler.matcher
        self._affinity = scored.affinity
        self._candidates = _numpy(torch.cat([candidates.positions_input, candidates.scores[..., None]], -1))
        self._number = _numpy(candidates.is_candidate.sum(-1))
        self._owner, self._soft = _numpy(owner), _numpy(soft)
        self._joined, self._true = _numpy(assembler.assign(scored)), _numpy(true_pairs(owner, skeleton.limbs))
        self._traces: dict[tuple[int, int], dict[str, list[float]]] = {}

    def of_person(
        self, picture: int, true_person: int | None, keypoints: NDArray[np.floating] | None, zoom: int
    ) -> list[dict[str, Any]]:
        """Return the limbs that tell most about a person, those joined wrongly first, as `cases.json` holds them.

        Args:
            picture: row in the batch.
            true_person: row of the person in the batch's keypoints; None for nobody's.
            keypoints: keypoints of the predicted person, (keypoint, 3); None without one.
            zoom: enlargement of the picture in which positions are given.
        """
        is_theirs = self._is_theirs(picture, true_person, keypoints)
        telling: list[tuple[int, int, int]] = []
        for limb, (source, destination) in enumerate(self._skeleton.limbs):
            rows, columns = self._number[picture, source], self._number[picture, destination]
            concerned = is_theirs[source, :rows, None] | is_theirs[destination, None, :columns]
            if rows and columns and concerned.any():
                wrong = (self._joined != self._true)[picture, limb, :rows, :columns] & concerned
                telling.append((-int(wrong.sum()), -int(rows * columns), limb))
        return [self._limb(picture, limb, zoom) for *_, limb in sorted(telling)[:MOST_LIMBS]]

    def _is_theirs(
        self, picture: int, true_person: int | None, keypoints: NDArray[np.floating] | None
    ) -> NDArray[np.bool_]:
        """Mark the candidates that belong to the true or the predicted person, (keypoint, candidate)."""
        theirs = np.zeros(self._owner.shape[1:], bool)
        if true_person is not None:
            theirs |= self._owner[picture] == true_person
        if keypoints is not None:
            distance = np.abs(self._candidates[picture, ..., :2] - keypoints[:, None, :2]).max(-1)
            theirs |= (distance <= _SAME) & (keypoints[:, None, 2] > 0)
        return theirs

    def _limb(self, picture: int, limb: int, zoom: int) -> dict[str, Any]:
        ends = self._skeleton.limbs[limb]
        rows, columns = (int(self._number[picture, end]) for end in ends)
        shown = np.s_[picture, limb, :rows, :columns]
        return {
            "name": " - ".join(self._skeleton.keypoints[end].replace("_", " ") for end in ends),
            "source": _points(self._candidates[picture, ends[0], :rows], zoom),
            "destination": _points(self._candidates[picture, ends[1], :columns], zoom),
            "affinity": np.round(_numpy(self._affinity[shown]).astype(float), 3).tolist(),
            "assignment": np.round(self._soft[shown].astype(float), 3).tolist(),
            "joined": np.argwhere(self._joined[shown]).tolist(),
            "true": np.argwhere(self._true[shown]).tolist(),
            "trace": self._trace(picture, limb, rows, columns),
        }

    def _trace(self, picture: int, limb: int, rows: int, columns: int) -> dict[str, list[float]]:
        """Return the trace of a limb, which is computed once, for several persons of a picture may show it."""
        if (picture, limb) not in self._traces:
            self._traces[picture, limb] = self._traced(self._affinity[picture, limb, :rows, :columns])
        return self._traces[picture, limb]

    def _traced(self, affinity: Tensor) -> dict[str, list[float]]:
        """Return a trace's steps and quantities; empty for a matcher that does not go step by step."""
        if not isinstance(self._matcher, IterativeMatcher):
            return {"step": [], "objective": [], "violation": [], "gap": []}
        trace = self._matcher.trace(affinity)
        steps = np.unique(np.geomspace(1, len(trace), min(MOST_STEPS, len(trace))).round().astype(int))
        values = {name: _numpy(getattr(trace, name)).astype(float)[steps - 1] for name in _TRACED}
        return {"step": steps.tolist(), **{name: [float(f"{v:.3g}") for v in line] for name, line in values.items()}}


_TRACED = ("objective", "violation", "gap")


def _points(candidates: NDArray[np.floating], zoom: int) -> list[list[float]]:
    """Return x, y and confidence per candidate."""
    return [[round(float(x) * zoom, 1), round(float(y) * zoom, 1), round(float(c), 2)] for x, y, c in candidates]


def _numpy(tensor: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = tensor.detach().cpu().numpy()
    return array
