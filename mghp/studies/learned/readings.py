"""A plain answer, computed from the numbers: does training through the matcher beat training without it?"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from mghp.runs.read import Run
from mghp.studies.learned.arms import (
    ARMS,
    BASELINE,
    CONTROL,
    CONTROLS,
    LEAST_COUPLING,
    NO_EFFECT,
    PAPER,
    PROJECTED,
    TARGETS,
    UNTRAINED,
    YOUNG,
    Arm,
    by_condition,
    difference_between,
    learned_arms,
)

ONE_SEED = "undecided, for one seed is a demonstration and no evidence: its interval is of its test images alone"

Conditions = Mapping[str, Mapping[str, Arm]]
"""Arms by condition and name."""


def write_learned_readings(runs: Sequence[Run]) -> str:
    """The findings as a Markdown list; empty without a run of a learned scorer."""
    return "".join(f"* {sentence}\n" for sentence in learned_readings(runs))


def learned_readings(runs: Sequence[Run]) -> list[str]:
    """The answer a target in short, whether the positive control passed, then what each condition says."""
    conditions = by_condition(learned_arms(runs))
    compared = {condition: arms for condition, arms in conditions.items() if _through(arms)}
    poses = {condition: arms for condition, arms in compared.items() if not condition.startswith(CONTROL)}
    if not compared:
        return []
    sentences = [_in_short(target, poses) for target in TARGETS if poses]
    sentences.append(_control(conditions))
    for target in TARGETS:
        sentences += [_in_full(target, condition, arms) for condition, arms in poses.items()]
    return [*sentences, *_rounded_alike(poses), *_left_out(compared), *_expected(poses)]


def _in_short(target: str, conditions: Conditions) -> str:
    answers = [f"{condition}: {_answer(target, arms)}" for condition, arms in conditions.items()]
    return f"Does training through the matching gain {TARGETS[target].what}? {_first_upper('; '.join(answers))}."


def _answer(target: str, arms: Mapping[str, Arm]) -> str:
    """Of the arms that are no controls, for a control's gain is none of the matching."""
    compared = [arm.compared[target] for arm in _through(arms) if arm.name not in CONTROLS]
    verdicts = [one.verdict for one in compared]
    if not verdicts:
        return "not tested"
    if set(verdicts) == {"one seed"}:
        return ONE_SEED
    if "better" in verdicts:
        small = sum(one.is_small for one in compared if one.verdict == "better")
        by = f" (of {small} the whole interval is under {100 * NO_EFFECT:g} points)" if small else ""
        return f"yes, with {verdicts.count('better')} of {len(verdicts)} arms{by}"
    return "undecided" if {"undecided", "one seed"} & set(verdicts) else "no"


def _in_full(target: str, condition: str, arms: Mapping[str, Arm]) -> str:
    through = _through(arms)
    text = (
        f"{_first_upper(condition)}, {TARGETS[target].what}: without a matcher "
        f"{100 * arms[BASELINE].mean(TARGETS[target].metric):.2f} % ({_seeds(through)}; differences in points, "
        "95 % intervals)"
    )
    for verdict in ("better", "worse", "no effect", "undecided", "one seed"):
        of_verdict = [arm for arm in through if arm.compared[target].verdict == verdict]
        # Of arms that decide nothing only the paper's is named, for its are the settings that are asked about.
        unnamed = [arm for arm in of_verdict if verdict == "undecided" and arm.name != PAPER]
        named = [arm for arm in of_verdict if arm not in unnamed]
        listed = [f"{ARMS[arm.name]} ({arm.compared[target].interval})" for arm in named]
        if unnamed:
            listed.append(_number(len(unnamed), "other" if named else "arm"))
        if listed:
            text += f". {_first_upper(verdict)}: {'; '.join(listed)}"
    return f"{text}."


def _control(conditions: Conditions) -> str:
    arms = next((arms for condition, arms in conditions.items() if condition == CONTROL), None)
    if arms is None:
        return "The positive control was not run: where nothing is found, nothing may have been findable."
    through = [arm for arm in _through(arms) if arm.name not in CONTROLS]
    if not through:
        return "The positive control says nothing: nothing trained through the matching has the baseline beside it."
    passed = [arm for arm in through if arm.compared["limbs"].verdict == "better"]
    others = [arm for arm in _through(arms) if arm not in passed]
    if {arm.compared["limbs"].verdict for arm in through} == {"one seed"}:
        return f"The positive control: {ONE_SEED}. {_first_upper(_listed(through, _limbs))} over binary cross-entropy."
    text = (
        f"The positive control {'passed' if passed else 'has not passed'}: where competition must help, "
        f"{len(passed)} of {len(through)} arms trained through the matching beat binary cross-entropy "
        f"({100 * arms[BASELINE].mean('test/f1'):.1f} %)"
    )
    if passed:
        text += f": {_listed(passed, _mean_f1)}"
    return f"{text}. Others: {_listed(others, _limbs)}." if others else f"{text}."


def _rounded_alike(conditions: Conditions) -> Iterator[str]:
    """What the rounding alone gains, and what training through the same projection gains over it."""
    for condition, arms in conditions.items():
        rounded, trained = arms.get(PROJECTED), arms.get(YOUNG)
        if rounded is None or trained is None or not rounded.compared or not _seeds_of(rounded) & _seeds_of(trained):
            continue
        told = [
            f"{TARGETS[target].what}, it gains {rounded.compared[target].interval} points, and "
            f"{ARMS[YOUNG]}, {difference_between(target, trained, rounded).interval} over it"
            for target in TARGETS
        ]
        yield (
            "Is it the training or the rounding? Binary cross-entropy, where one projection may round it too; "
            f"{condition}; {'; '.join(told)}."
        )


def _left_out(conditions: Conditions) -> Iterator[str]:
    """What does not count, and what died."""
    apart = _by_arm(
        conditions,
        lambda arm: bool(arm.compared) and arm.name not in (UNTRAINED, PROJECTED) and not arm.is_through_the_matching,
    )
    if apart:
        each = [
            f"{ARMS[name]} ({_on(arms, lambda arm: format(arm.mean('matching/coupling'), '.2f'))})"
            for name, arms in apart
        ]
        yield f"Not trained through the matching, with a coupling under {LEAST_COUPLING:g}: {'; '.join(each)}."
    died = _by_arm(conditions, lambda arm: bool(arm.died) and arm.name != UNTRAINED)
    if died:
        each = [f"{ARMS[name]} ({_on(arms, lambda arm: f'{arm.died} of {len(arm.runs)}')})" for name, arms in died]
        yield f"Seeds that died (no gradient, or under half of the baseline's F1): {'; '.join(each)}."


def _expected(poses: Conditions) -> Iterator[str]:
    told = [
        (arm.compared["limbs"].difference.mean, condition, arm)
        for condition, arms in poses.items()
        for arm in _through(arms)
        if arm.compared["limbs"].verdict != "one seed" and arm.name not in CONTROLS
    ]
    if not told:
        return
    text = (
        "Where the scorer can express each pair's posterior, the best matching can be taken of its log-odds "
        "afterwards, and no difference is expected; 'no effect' was said only of intervals within "
        f"{100 * NO_EFFECT:g} points, fixed beforehand"
    )
    best = [one for one in told if one[2].compared["limbs"].verdict == "better"]
    if not best:
        yield f"{text}. On poses, no arm was found better than binary cross-entropy."
        return
    _, condition, arm = max(best, key=lambda one: one[0])
    yield (
        f"{text}. On poses, the largest gain of F1 of joined pairs that was found is "
        f"{arm.compared['limbs'].interval} points ({ARMS[arm.name]}; {condition})."
    )


def _through(arms: Mapping[str, Arm]) -> list[Arm]:
    return [arm for arm in arms.values() if arm.is_through_the_matching and arm.compared]


def _by_arm(conditions: Conditions, holds: Callable[[Arm], bool]) -> list[tuple[str, list[Arm]]]:
    """Names of arms of which something holds, and under which conditions it does."""
    found = {name: [arms[name] for arms in conditions.values() if name in arms and holds(arms[name])] for name in ARMS}
    return [(name, arms) for name, arms in found.items() if arms]


def _on(arms: Sequence[Arm], say: Callable[[Arm], str]) -> str:
    return " and ".join(f"{say(arm)} on {arm.condition}" for arm in arms)


def _seeds_of(arm: Arm) -> set[int]:
    return {run.seed for run in arm.runs}


def _seeds(arms: Sequence[Arm]) -> str:
    numbers = sorted({len(arm.runs) for arm in arms})
    return " or ".join(map(str, numbers)) + (" seed" if numbers == [1] else " seeds")


def _mean_f1(arm: Arm) -> str:
    return f"{100 * arm.mean('test/f1'):.1f} %"


def _limbs(arm: Arm) -> str:
    return f"{arm.compared['limbs'].interval} points"


def _listed(arms: Sequence[Arm], say: Callable[[Arm], str]) -> str:
    return "; ".join(f"{ARMS[arm.name]} ({say(arm)})" for arm in arms)


def _number(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]
