"""The least affinity of a limb, tuned on pictures of its own."""

import numpy as np
import torch
from numpy.typing import NDArray

from mghp.assembly.truth import true_assignment
from mghp.data.batch import batches
from mghp.data.sample import Samples
from mghp.matching import round_assignment
from mghp.modules.candidate_truth import candidate_owners
from mghp.modules.parsing import ParsingModule


@torch.no_grad()
def tuned_least_affinity(module: ParsingModule, samples: Samples) -> float:
    """The affinity from which on joined pairs are kept, so that F1 of the pairs is largest.

    The loss drives true pairs' assignments to 1 through a solver of few steps, and pays for it with a price of staying
    unmatched under which false candidates find partners too. A threshold on the affinity sorts them out afterwards.

    Args:
        module: trained, in evaluation mode; its matcher and rounding count.
        samples: pictures that are neither trained on nor scored.
    """
    assembler = module.assembler
    people = assembler.people
    values: list[NDArray[np.floating]] = []
    right: list[NDArray[np.bool_]] = []
    true_pairs = 0
    for _, batch in batches(samples, people.num_keypoints):
        fields = module.fields(batch.image)
        candidates = assembler.candidates(fields)
        scored = assembler.affinity(fields, candidates)
        soft = assembler.matcher(scored.affinity, scored.source_mask, scored.destination_mask)
        joined = round_assignment(soft, by=assembler.config.rounding, min_affinity=-np.inf).bool()
        owner = candidate_owners(candidates, batch, people, fields.keypoint_stride)
        truth = true_assignment(candidates, owner, people.skeleton.limbs, batch.has_keypoints)
        joined &= truth.is_pair
        values.append(scored.affinity[joined].cpu().numpy())
        right.append(truth.pairs[joined].cpu().numpy())
        true_pairs += int(truth.pairs.sum())
    return best_threshold(np.concatenate(values), np.concatenate(right), true_pairs)


def best_threshold(values: NDArray[np.floating], right: NDArray[np.bool_], true_pairs: int) -> float:
    """The value such that those not below it have the largest F1; 0 where nothing is right.

    Args:
        values: of joined pairs, (pairs,).
        right: which of them are true, (pairs,).
        true_pairs: all that there are, joined or not.
    """
    if not right.any():
        return 0.0
    order = np.argsort(-values, kind="stable")
    falling = values[order]
    f1 = 2 * np.cumsum(right[order]) / (np.arange(1, len(values) + 1) + true_pairs)
    # Equal values are kept together.
    is_last = np.append(falling[1:] != falling[:-1], True)
    return float(falling[np.argmax(np.where(is_last, f1, -1))])
