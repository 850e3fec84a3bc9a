"""What the parsing runs say, in sentences computed from their numbers."""

from collections.abc import Sequence
from typing import Any

from mghp.runs.read import Run
from mghp.studies.components.readings import (
    components_readings,
    field_readings,
    matcher_readings,
    oracle_readings,
)
from mghp.studies.parsing.tables import ABLATIONS, NOT_MEASURED, STEPS, pictures_of, score_table
from mghp.studies.rotation.readings import rotation_readings

__all__ = [
    "assembly_readings",
    "components_readings",
    "field_readings",
    "matcher_readings",
    "oracle_readings",
    "parsing_readings",
    "rotation_readings",
    "training_readings",
    "write_parsing_readings",
]

_CHAIN = ("projection", "field_resolution", "peaks", "matching_pgd_dykstra", "parts_resolution_pgd_dykstra")
"""Steps of the assembly, each of which takes in the ones before."""


def parsing_readings(runs: Sequence[Run]) -> list[str]:
    """A plain answer a question of the ablations; those whose runs are missing are left out."""
    return [
        *components_readings(runs),
        *field_readings(runs),
        *oracle_readings(runs),
        *matcher_readings(runs),
        *rotation_readings(runs),
        *assembly_readings(runs),
        *training_readings(runs),
    ]


def write_parsing_readings(runs: Sequence[Run]) -> str:
    """The findings as a Markdown list; "" without any."""
    return "".join(f"* {sentence}\n" for sentence in parsing_readings(runs))


def assembly_readings(runs: Sequence[Run]) -> list[str]:
    """What the assembly of true fields reaches, and which of its steps costs most."""
    sentences = []
    for run in runs:
        names = [step for step in _CHAIN if f"assembly/{step}/ap_p_vol" in run.result["metrics"]]
        if len(names) < 2:
            continue
        scores = [run.metric(f"assembly/{step}/ap_p_vol") for step in names]
        losses = {name: before - after for name, before, after in zip(names[1:], scores, scores[1:], strict=False)}
        costliest = max(losses, key=lambda name: losses[name])
        cost = f"the costliest step is '{STEPS[costliest]}', {100 * losses[costliest]:.1f} points"
        sentences.append(
            f"On true fields of {_where(run)} the assembly reaches AP^p averaged "
            f"{100 * scores[0]:.1f} % by its first step alone and {100 * scores[-1]:.1f} % with every step that a "
            f"network's fields need; {cost if losses[costliest] > 0 else 'no step costs anything'}."
        )
    return sentences


def training_readings(runs: Sequence[Run]) -> list[str]:
    """What the trainings outside the ablations reached, each on its own."""
    table = score_table([run for run in runs if run.experiment not in ABLATIONS])
    return [
        f"{row['experiment']}, {_where(sources[0])}, seed {row['seed']}: {_reached(row)} after "
        f"{row['steps']:,.0f} steps in {row['minutes']:.1f} minutes."
        for row, sources in zip(table.rows, table.sources, strict=True)
    ]


def _where(run: Run) -> str:
    return f"scene {pictures_of(run)}" if run.config["data"]["name"] == "synthetic" else f"dataset {pictures_of(run)}"


def _reached(row: dict[str, Any]) -> str:
    if row["grouping"] == NOT_MEASURED:
        return f"part mIoU {100 * row['part mIoU']:.1f} %, persons not measured, since the parts alone were trained,"
    return f"AP^p averaged {100 * row['AP^p averaged']:.1f} %, grouping {100 * row['grouping']:.1f} %"
