"""A plain answer, computed from the numbers: does training through the matcher beat training without it?"""

from collections.abc import Callable, Iterator, Sequence

from mghp.report.learned.arms import (
    ARMS,
    BASELINE,
    CONTROL,
    LEAST_COUPLING,
    NO_EFFECT,
    TARGETS,
    UNTRAINED,
    Arm,
    by_condition,
    learned_arms,
)
from mghp.report.runs import Run

ONE_SEED = "undecided: one seed is a demonstration and no evidence, and its interval is of its test images alone"


def write_learned_readings(runs: Sequence[Run]) -> str:
    """The findings as a Markdown list; empty without a run of a learned scorer."""
    return "".join(f"* {sentence}\n" for sentence in learned_readings(runs))


def learned_readings(runs: Sequence[Run]) -> list[str]:
    """Whether the positive control passed, and for every condition what counts and what helps."""
    conditions = {condition: arms for condition, arms in by_condition(learned_arms(runs)).items() if BASELINE in arms}
    if not conditions:
        return []
    sentences = [_control(conditions.get(CONTROL))]
    for condition, arms in conditions.items():
        sentences += [f"{condition}: {sentence}" for sentence in _condition(condition, arms)]
    return [*sentences, _expected(conditions)]


def _control(arms: dict[str, Arm] | None) -> str:
    if arms is None:
        return "The positive control was not run: where nothing is found below, nothing may have been findable."
    through = [arm for arm in _through(arms) if arm.compared]
    passed = [arm for arm in through if arm.compared["limbs"].verdict == "better"]
    others = [arm for arm in through if arm not in passed]
    text = (
        f"The positive control {'passed' if passed else 'has not passed'}: where competition must help, "
        f"{len(passed)} of {len(through)} arms trained through the matching beat binary cross-entropy "
        f"({100 * arms[BASELINE].mean('test/f1'):.1f} %)"
    )
    if any(arm.compared["limbs"].verdict == "one seed" for arm in through):
        return f"The positive control: {ONE_SEED}: {_listed(through, _limbs)} points over binary cross-entropy."
    if passed:
        text += f": {_listed(passed, _mean_f1)}"
    return f"{text}. Not shown: {_listed(others, _limbs)}." if others else f"{text}."


def _condition(condition: str, arms: dict[str, Arm]) -> Iterator[str]:
    through = [arm for arm in _through(arms) if arm.compared]
    apart = [arm for arm in arms.values() if arm.compared and arm.name != UNTRAINED and not arm.is_through_the_matching]
    text = f"trained through the matching (coupling from {LEAST_COUPLING:g} up) are {_listed(through, _coupling)}"
    yield f"{text}; not {_listed(apart, _coupling)}." if apart else f"{text}."
    for target in TARGETS:
        if through and target in through[0].compared:
            yield f"{target}: {_answer(arms[BASELINE], through, target)}"
    has_persons = condition != CONTROL  # whose problems are one limb of nobody in particular
    if has_persons and through and "persons, own threshold" not in through[0].compared:
        yield (
            "persons were grouped at the threshold tuned for limbs, which moves them by itself; no run here had one "
            "tuned for persons, so a difference of persons may be one of thresholds."
        )
    died = [arm for arm in arms.values() if arm.died and arm.name != UNTRAINED]
    if died:
        number = sum(arm.died or 0 for arm in died)
        yield f"seeds that died, with under half of the baseline's F1: {number}, of {_listed(died, _died)}."


def _answer(baseline: Arm, through: Sequence[Arm], target: str) -> str:
    groups = {
        verdict: [arm for arm in through if arm.compared[target].verdict == verdict]
        for verdict in ("better", "no effect", "undecided", "worse", "one seed")
    }
    better, undecided = groups["better"], groups["undecided"]
    helps = f"yes, with {len(better)} of {len(through)} arms" if better else "undecided" if undecided else "no"
    if groups["one seed"]:
        helps = ONE_SEED
    seeds = " or ".join(str(number) for number in sorted({len(arm.runs) for arm in through}))
    seeds += " seed" if seeds == "1" else " seeds"
    listed = ". ".join(
        f"{verdict.capitalize()}: {_listed(of_verdict, lambda arm: str(arm.compared[target]))}"
        for verdict, of_verdict in groups.items()
        if of_verdict
    )
    return (
        f"does training through the matching help? {helps[0].upper()}{helps[1:]}. Without a matcher "
        f"{100 * baseline.mean(TARGETS[target].metric):.2f} % ({TARGETS[target].what}, {seeds}); points of "
        f"difference and their 95 % interval follow. {listed}."
    )


def _expected(conditions: dict[str, dict[str, Arm]]) -> str:
    text = (
        "Where the scorer can express the local posterior, Hungarian on log-odds is already optimal and no difference "
        f"is expected; 'no effect' was said only of intervals within {100 * NO_EFFECT:g} points, fixed beforehand"
    )
    best = [
        (arm.compared["limbs"].difference.mean, condition, arm)
        for condition, arms in conditions.items()
        if condition != CONTROL
        for arm in _through(arms)
        if arm.compared and arm.compared["limbs"].verdict == "better"
    ]
    if not best:
        return f"{text}. On poses, no arm was found better than binary cross-entropy."
    _, condition, arm = max(best, key=lambda one: one[0])
    return (
        f"{text}. On poses, the largest difference that was found is {arm.compared['limbs']} points of F1 "
        f"({ARMS[arm.name]}; {condition})."
    )


def _through(arms: dict[str, Arm]) -> list[Arm]:
    return [arm for arm in arms.values() if arm.is_through_the_matching]


def _mean_f1(arm: Arm) -> str:
    return f"{100 * arm.mean('test/f1'):.1f} %"


def _limbs(arm: Arm) -> str:
    return str(arm.compared["limbs"])


def _died(arm: Arm) -> str:
    return f"{arm.died} of {len(arm.runs)}"


def _coupling(arm: Arm) -> str:
    coupling = arm.mean("matching/coupling")
    return f"{coupling:.2f}" if coupling == coupling else "a difference of two matchings"  # NaN is unequal to itself


def _listed(arms: Sequence[Arm], say: Callable[[Arm], str]) -> str:
    return "; ".join(f"{ARMS[arm.name]} ({say(arm)})" for arm in arms) or "none"
