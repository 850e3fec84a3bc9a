"""The answers of the ablation of components, computed from its runs."""

from collections import Counter
from collections.abc import Iterable, Sequence

from mghp.report.comparison import Comparison
from mghp.report.seeds import ONE_SEED, Family
from mghp.report.study import span
from mghp.runs.read import Run
from mghp.studies.components.swaps import MATCHERS, TRUE_FIELDS, swaps
from mghp.studies.components.tables import (
    BASELINE,
    EXPERIMENT,
    FILE,
    LONGER,
    PERSON_IOU,
    RIVALS,
    TRUE_PARTS,
    components,
    matchers_trained_through,
)
from mghp.studies.parsing.tables import SCORES
from mghp.studies.variants import label_of

_ALL_TRUE = "oracle/all_true"


def all_components(runs: Sequence[Run]) -> str:
    """Return how many variants raise and lower the full model's person IoU, and which one reaches most."""
    found = components(runs).compared(PERSON_IOU)
    if not found:
        return ""
    highest = max(found, key=lambda name: found[name].difference.mean)
    counts = Counter(cell.verdict for cell in found.values())
    return _over_seeds(
        f"of {len(found)} changes to the full model {counts['better']} raise person IoU, {counts['worse']} lower it; "
        f"most {_by(highest)}, {found[highest]:.1f}",
        [found[highest]],
    )


def training_through(runs: Sequence[Run]) -> str:
    """Return whether training through the matcher beats training without it, after the usual steps and after more."""
    texts, cells = [], []
    for experiment in (EXPERIMENT, LONGER):
        family = matchers_trained_through(runs, experiment)
        cell = family.compared(PERSON_IOU).get(BASELINE)
        if cell is not None:
            steps = next(iter(family.runs[BASELINE].values())).metric("train/steps")
            texts.append(f"{_is_all([cell], 'better')} after {steps:,.0f} steps, person IoU {cell:.1f}")
            cells.append(cell)
    return _over_seeds("; ".join(texts), cells)


def field(runs: Sequence[Run]) -> str:
    """Return whether the projection field beats grouping without one, and three levels of it a single one."""
    found = components(runs).compared(TRUE_PARTS)
    rivals = {name: found[name] for name in RIVALS if name in found}
    texts, cells = [], list(rivals.values())
    if rivals:
        best = max(rivals, key=lambda name: rivals[name].difference.mean)
        texts.append(f"field: {_is_all(cells, 'worse')}, grouping of true parts {rivals[best]:.1f} by {_by(best)}")
    if "field_1_level" in found:
        single = found["field_1_level"]
        texts.append(f"refinement: {_is_all([single], 'worse')}, {single:.1f} at one level")
        cells.append(single)
    return _over_seeds("; ".join(texts), cells)


def other_matchers(runs: Sequence[Run]) -> str:
    """Return whether another matcher at test time groups as well as the one that was trained with."""
    found = swaps(runs, MATCHERS).compared("grouping")
    if not found:
        return ""
    # One that is not worse suffices.
    as_well = {"yes": "no", "no": "yes", "undecided": "undecided"}[_is_all(found.values(), "worse")]
    told = ", ".join(f"{MATCHERS[name]} {cell:.1f}" for name, cell in found.items())
    return _over_seeds(f"{as_well}, in grouping: {told}", found.values())


def limits(runs: Sequence[Run]) -> str:
    """Return which field gains most when it is true, and what all true fields gain together."""
    family = swaps(runs, TRUE_FIELDS)
    scores = [score for score in ("ap_p_vol", "grouping") if family.compared(score).keys() - {_ALL_TRUE}]
    cells = [cell for score in scores for cell in family.compared(score).values()]
    return _over_seeds("; ".join(f"{SCORES[score]}: {_limit(family, score)}" for score in scores), cells)


def _limit(family: Family, score: str) -> str:
    """Return the field that gains most when it is true, if the seeds tell it from the next one."""
    gains = dict(family.compared(score))
    together = gains.pop(_ALL_TRUE, None)
    first, *others = sorted(gains, key=lambda name: -gains[name].difference.mean)
    lead = family.between(first, others[0], score) if others else None
    if gains[first].verdict != "better":
        text = "no field alone is told"
    elif lead is not None and lead.verdict != "better":
        text = f"{TRUE_FIELDS[first]} or {TRUE_FIELDS[others[0]]}, not told apart"
    else:
        text = f"most {TRUE_FIELDS[first]}, {gains[first].interval()}"
    return text if together is None else f"{text}, all {together.interval()}"


def _by(rival: str) -> str:
    return label_of(FILE, rival).removeprefix("no field: ")


def _is_all(cells: Iterable[Comparison], verdict: str) -> str:
    """Return "yes" if every cell has this verdict, "no" if one refutes it, else "undecided"."""
    told = {cell.verdict for cell in cells}
    if told == {verdict}:
        return "yes"
    return "undecided" if told <= {verdict, "undecided", "one seed"} else "no"


def _over_seeds(text: str, cells: Iterable[Comparison]) -> str:
    """Return the text with its number of seeds, `ONE_SEED` if that is one; "" without text."""
    seeds = [cell.difference.seeds for cell in cells]
    if not text or max(seeds) == 1:
        return f"{ONE_SEED}." if text else ""
    return f"{text[0].upper()}{text[1:]} ({span(seeds)} seeds)."
