"""The answers of single trainings and of the assembly alone, computed from their runs."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from math import isnan

from mghp.runs.read import Run
from mghp.studies.parsing.tables import (
    NOT_MEASURED,
    ORACLES,
    STEPS,
    Scored,
    pictures_of,
    single,
    trainings,
    under,
)

_FIELDS = ("true_parts", "true_keypoints", "true_limbs", "true_field")
"""Oracles in which one field alone is true."""

_CHAIN = ("projection", "field_resolution", "peaks", "matching_pgd_dykstra", "parts_resolution_pgd_dykstra")
"""Steps of the assembly, each with all those before it."""


def training(runs: Sequence[Run]) -> str:
    """Return what the longest training reached."""
    rows = trainings(runs)
    if not rows:
        return ""
    longest = max(rows, key=lambda row: row.training.metric("train/steps"))
    steps, minutes = longest.training.metric("train/steps"), longest.time("train_seconds") / 60
    duration = "" if isnan(minutes) else f" in {minutes:.1f} minutes"
    return (
        f"{longest.experiment} on {_where(longest.run)}, seed {longest.training.seed}, the longest of "
        f"{len(rows)}: {_reached(longest)} after {steps:,.0f} steps{duration}."
    )


def _reached(row: Scored) -> str:
    if row.score("grouping") == NOT_MEASURED:
        return f"part mIoU {100 * row.metric('mean_iou'):.1f} %, persons not measured,"
    return f"AP^p averaged {100 * row.metric('ap_p_vol'):.1f} %, grouping {100 * row.metric('grouping'):.1f} %"


def limits(runs: Sequence[Run]) -> str:
    """Return which true field raises AP^p averaged most in most trainings, and which pictures are hardest."""
    best = [max(fields, key=_gain) for run in single(runs) if (fields := list(under("oracle", _FIELDS)([run])))]
    if not best:
        return ""
    ((name, times),) = Counter(row.name for row in best).most_common(1)
    gains = [100 * _gain(row) for row in best if row.name == name]
    return (
        f"By single seeds, no evidence: true {ORACLES[name]} raise AP^p averaged most, by {min(gains):.1f} to "
        f"{max(gains):.1f} points, in {times} of {len(best)} trainings{_hardest(runs)}."
    )


def _hardest(runs: Sequence[Run]) -> str:
    rows = under("tag")(runs)
    lowest = min(rows, key=lambda row: row.metric("person_iou"), default=None)
    return f"; hardest pictures: {lowest.tag} (person IoU {lowest.metric('person_iou'):.3f})" if lowest else ""


def _gain(row: Scored) -> float:
    return row.metric("ap_p_vol") - row.run.metric("oracle/predicted/ap_p_vol")


def assembly(runs: Sequence[Run]) -> str:
    """Return what the assembly reaches on true fields where it loses most, and its costliest step."""
    chain = costliest_chain(runs)
    if not chain:
        return ""
    first, *_, last = (row.metric("ap_p_vol") for row in chain)
    return (
        f"On true fields of {_where(chain[0].run)} it reaches AP^p averaged {100 * last:.1f} %, from "
        f"{100 * first:.1f} % by its first step; {_costliest(chain)}."
    )


def costliest_chain(runs: Sequence[Run]) -> list[Scored]:
    """Return the steps of the assembly, each with all those before it, of the run where they lose most."""
    chains = [chain for run in single(runs) if len(chain := list(under("assembly", _CHAIN)([run]))) > 1]
    return max(chains, default=[], key=lambda chain: chain[0].metric("ap_p_vol") - chain[-1].metric("ap_p_vol"))


def _costliest(chain: Sequence[Scored]) -> str:
    costs = {after.name: before.metric("ap_p_vol") - after.metric("ap_p_vol") for before, after in pairwise(chain)}
    step = max(costs, key=costs.__getitem__)
    return f"{STEPS[step]} costs most, {100 * costs[step]:.1f} points" if costs[step] > 0 else "no step costs anything"


def _where(run: Run) -> str:
    return f"{'scene ' if run.config['data']['name'] == 'synthetic' else ''}{pictures_of(run)}"
