"""Does rotation augmentation trade as the supplement reports? In sentences computed from the numbers."""

from collections.abc import Sequence

from mghp.report.comparison import PictureScore, paired_difference
from mghp.report.seed_cells import Compared
from mghp.runs.read import Run
from mghp.studies.components.readings import ONE_SEED, about, verdicts
from mghp.studies.rotation.tables import BASELINE, by_angle

_TOLD = {"upside_down": "upside-down people", "upright": "upright people", "": "plain pictures"}


def rotation_readings(runs: Sequence[Run]) -> list[str]:
    """Better on upside-down people and worse overall? A sentence an angle."""
    angles = by_angle(runs)
    sentences = []
    for angle, group in angles.items():
        if angle == BASELINE or BASELINE not in angles:
            continue
        differences = {
            scene: paired_difference(group, angles[BASELINE], PictureScore("person_iou", scene)) for scene in _TOLD
        }
        found = {scene: Compared(change) for scene, change in differences.items() if change is not None}
        if set(found) == set(_TOLD):
            told = verdicts({label: found[scene] for scene, label in _TOLD.items()})
            sentences.append(
                f"Does rotating by up to {angle}° trade as the supplement reports, better on upside-down people and "
                f"worse overall? {_trade(found['upside_down'], found[''])}. Person IoU minus that without rotation, in "
                f"points: {told} ({about(found[''])})."
            )
    return sentences


def _trade(upside_down: Compared, plain: Compared) -> str:
    told = upside_down.verdict, plain.verdict
    if "one seed" in told:
        return ONE_SEED
    if told == ("better", "worse"):
        return "Yes"
    # Whatever is undecided of the two, the trade is refuted if the other one goes the other way.
    if upside_down.verdict in ("worse", "no effect") or plain.verdict in ("better", "no effect"):
        return f"No: on upside-down people {upside_down.verdict}, overall {plain.verdict}"
    return f"Undecided: on upside-down people {upside_down.verdict}, overall {plain.verdict}"
