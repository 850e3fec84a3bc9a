"""Scores of single pictures: to sort them, and to see which kinds fail."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.metrics.grouping import grouping_counts
from mghp.metrics.mean_iou import joint_histogram, mean_iou
from mghp.metrics.person_iou import person_iou


def picture_scores(predicted: PredictedPersons, true: TruePersons, anatomy: Anatomy) -> dict[str, float]:
    """Return what is right in one picture.

    Args:
        predicted: persons of the picture.
        true: persons of the picture.
        anatomy: parts of the dataset.

    Returns:
        `person_iou`: mean over true persons of the mean IoU over parts with the predicted person each is paired with,
        one to one so that the sum is largest, 0 without a partner; `mean_iou` of the parts; `grouping`; numbers of
        `persons` and `predicted_persons`. NaN for what is not defined without a person.
    """
    compared = person_iou(predicted, true, anatomy.num_labels)
    counted = compared.mean_iou[:, ~compared.is_empty]
    pairs = linear_sum_assignment(counted, maximize=True)
    persons = int((~compared.is_empty).sum())
    right, human = grouping_counts(true.person_ids, predicted.person_ids)
    return {
        "person_iou": float(counted[pairs].sum() / persons) if persons else float(np.nan),
        "mean_iou": mean_iou(joint_histogram(true.parts, predicted.parts, anatomy.num_labels)),
        "grouping": right / human if human else float(np.nan),
        "persons": persons,
        "predicted_persons": len(predicted.person_scores),
    }
