"""What the components' ablation says, in sentences computed from its numbers."""

from collections.abc import Mapping, Sequence

from mghp.report.comparison import over_seeds, paired_difference
from mghp.report.seed_cells import Compared
from mghp.report.statistics import paired_seeds
from mghp.runs.read import BySeed, Run
from mghp.studies.components.tables import (
    BASELINE,
    DIFFERENCES,
    LONGER,
    MATCHERS,
    RIVALS,
    by_variant,
    label_of,
    swapped,
)
from mghp.studies.parsing.tables import ORACLES, SCORES

WITHOUT_LOSS = "without_matching_loss"
FIELD_SCORE = "grouping, true parts, hard"
"""What tells whether the field helps: whose pixels are whose alone, where people are many."""
LEVELS = ("field_1_level", "field_2_levels", "field_4_levels")

_OF_SETS = ("ap_p_vol", "grouping")
"""Scores for which other matchers and oracles are told."""

ONE_SEED = "Undecided: one seed is a demonstration and no evidence"


def components_readings(runs: Sequence[Run]) -> list[str]:
    """Does training through the matcher help, with the settings at hand and with others; and the other components?"""
    variants = by_variant(runs)
    sentences = []
    found = _all_compared(variants, BASELINE, WITHOUT_LOSS)
    main = found.get("person IoU")
    if main is not None:
        sentences.append(
            "Does training through the matcher beat training without it, on rendered crowds, in person IoU? "
            f"{answer(main)}. The full model minus the one without matching loss, in points: {_told(found)} "
            f"({about(main)})."
        )
    longer = by_variant(runs, LONGER)
    main = (found := _all_compared(longer, BASELINE, WITHOUT_LOSS)).get("person IoU")
    if main is not None:
        steps = next(iter(longer[BASELINE].values())).metric("train/steps")
        sentences.append(f"And after {steps:,.0f} steps? {answer(main)}: {_told(found)} ({about(main)}).")
    names = [name for name in variants if name.startswith("matching_")]
    through = {label_of(name): _compared(variants, name, WITHOUT_LOSS, "person IoU") for name in names}
    told = verdicts({label: cell for label, cell in through.items() if cell is not None})
    if told:
        sentences.append(
            "And through another matcher, or with another loss? Person IoU minus that without matching loss, in "
            f"points: {told}."
        )
    decoders = _compared(variants, "separate_decoders", BASELINE, "person IoU")
    if decoders is not None:
        sentences.append(
            f"Do separate decoders help? {answer(decoders)}: person IoU minus that of shared ones "
            f"{decoders.interval} points ({about(decoders)})."
        )
    return sentences


def field_readings(runs: Sequence[Run]) -> list[str]:
    """Does the projection field help, against its rivals; and its refinement over levels?"""
    variants = by_variant(runs)
    sentences = []
    for rival in RIVALS:
        found = _all_compared(variants, BASELINE, rival)
        main = found.pop(FIELD_SCORE, None)
        if main is not None:
            # Without poses persons are found otherwise: that, too, is in the difference.
            whole = "; whole ways of grouping are compared, and the rival's persons need no pose" * (rival == RIVALS[1])
            sentences.append(
                f"Does the projection field help, against {label_of(rival).removeprefix('no field: ')}? "
                f"{answer(main)}: grouping with true parts on scene hard {main.interval} points ({about(main)}); "
                f"{_told(found)}{whole}."
            )
    levels = {name: _compared(variants, BASELINE, name, FIELD_SCORE) for name in LEVELS}
    known = {name: cell for name, cell in levels.items() if cell is not None}
    single = known.get("field_1_level")
    if single is not None:
        sentences.append(
            f"Does refining the field over three levels help, against one? {answer(single)}. Three levels minus "
            f"others, grouping with true parts on scene hard, in points: "
            f"{verdicts({label_of(name): cell for name, cell in known.items()})} ({about(single)})."
        )
    return sentences


def oracle_readings(runs: Sequence[Run]) -> list[str]:
    """What limits the result: the field whose truth gains most."""
    full = by_variant(runs).get(BASELINE, {})
    sentences = []
    for score in _OF_SETS:
        gains = _swaps(full, {name: f"oracle/{name}" for name in ORACLES if name != "predicted"}, score)
        together = gains.pop("all_true", None)
        if not gains:
            continue
        order = sorted(gains, key=lambda name: -gains[name].difference.mean)
        best = gains[order[0]]
        limit = _most(full, order, best, score)
        if together is not None and together.difference.low > 2 * max(best.difference.mean, 0):
            limit += "; but all fields together gain more than twice what any does alone"
        known = {ORACLES[name]: gains[name] for name in order} | ({"all": together} if together is not None else {})
        sentences.append(
            f"What limits {SCORES[score]}, {over_seeds(full, f'oracle/predicted/{score}'):.1f} %? "
            f"{limit}. Gains by true fields in the place of predicted ones, in points: {_told(known)} "
            f"({about(best)})."
        )
    return sentences


def matcher_readings(runs: Sequence[Run]) -> list[str]:
    """Does the full model need the matcher that it was trained with?"""
    full = by_variant(runs).get(BASELINE, {})
    sentences = []
    for score in _OF_SETS:
        changes = _swaps(full, {name: f"matcher/{name}" for name in MATCHERS if name}, score)
        if changes:
            cells = list(changes.values())
            told = verdicts({MATCHERS[name]: cell for name, cell in changes.items()})
            sentences.append(
                f"Do matchers differ at test time in {SCORES[score]}? {_differ(cells)}. Minus the trained one, "
                f"rounded, in points: {told} ({about(cells[0])})."
            )
    return sentences


def answer(cell: Compared) -> str:
    """Whether ours is better, in words."""
    if cell.verdict == "one seed":
        return ONE_SEED
    return {"better": "Yes", "worse": "No, worse", "no effect": "No, no effect"}.get(cell.verdict, "Undecided")


def about(cell: Compared) -> str:
    """How many seeds are behind it."""
    return f"{cell.difference.seeds} seeds, 95 % intervals" if cell.difference.seeds > 1 else "one seed"


def verdicts(cells: Mapping[str, Compared]) -> str:
    """Differences, and what their intervals say."""
    return "; ".join(
        f"{label} {cell.interval}" + (f", {cell.verdict}" if cell.difference.seeds > 1 else "")
        for label, cell in cells.items()
    )


def _most(full: BySeed, order: Sequence[str], best: Compared, score: str) -> str:
    """The field that limits most, if the seeds tell it from the next."""
    if len(full) < 2:
        return f"By one seed, a demonstration and no evidence, most the {ORACLES[order[0]]}"
    first, *others = order
    if not best.difference.low > 0:
        return "No field alone, as far as these seeds tell"
    if others:
        lead = paired_seeds(
            [run.metric(f"oracle/{first}/{score}") - run.metric(f"oracle/{others[0]}/{score}") for run in full.values()]
        )
        if not lead.low > 0:
            return f"Most the {ORACLES[first]} or the {ORACLES[others[0]]}, which are not told apart"
    return f"Most the {ORACLES[first]}"


def _differ(cells: Sequence[Compared]) -> str:
    found = {cell.verdict for cell in cells}
    if found == {"one seed"}:
        return ONE_SEED
    if found & {"better", "worse"}:
        return "Yes"
    return "No" if found == {"no effect"} else "Undecided"


def _compared(variants: Mapping[str, BySeed], ours: str, other: str, score: str) -> Compared | None:
    if ours not in variants or other not in variants:
        return None
    difference = paired_difference(variants[ours], variants[other], DIFFERENCES[score])
    return None if difference is None else Compared(difference)


def _all_compared(variants: Mapping[str, BySeed], ours: str, other: str) -> dict[str, Compared]:
    found = {score: _compared(variants, ours, other, score) for score in DIFFERENCES}
    return {score: cell for score, cell in found.items() if cell is not None}


def _swaps(full: BySeed, prefixes: Mapping[str, str], score: str) -> dict[str, Compared]:
    changes = {name: swapped(full, prefix, score=score) for name, prefix in prefixes.items()}
    return {name: Compared(change) for name, change in changes.items() if change is not None}


def _told(cells: Mapping[str, Compared]) -> str:
    return "; ".join(f"{label} {cell.interval}" for label, cell in cells.items())
