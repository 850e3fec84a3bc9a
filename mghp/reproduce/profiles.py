"""The four sizes of `mghp reproduce`, which profiles.yaml tells: which sweeps of each section, how large."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

POSE_KEYS = ("data.name=", "data.annotations=", "data.poses.", "data.max_images=", "data.generated_poses.")
"""Overrides about poses."""

_POSES_FILE = ("data.name=", "data.annotations=")
_BENCH = 20
"""Solvers' runs that the bench takes as long as."""


@dataclass(frozen=True)
class Size:
    """The size in which one file is run.

    Attributes:
        file: a sweep file; or an experiment file, of which all variants are run, or itself where it has none.
        kind: of its runs, one of `known_kinds`.
        seconds: a run may take on two CPU cores.
        values: in the place of the sweep file's, by the last part of their key.
        settings: of every run.
        on_random: whether it is of random problems: overrides about poses do not reach it.
        own_poses: whether it is run on its own poses even where a file of others is given.
        at_equal_cost: whether one projection at the cost of each point is run in the place of the point.
    """

    file: str
    kind: str
    seconds: float
    values: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    settings: Sequence[str] = ()
    on_random: bool = False
    own_poses: bool = False
    at_equal_cost: bool = False

    @property
    def withheld(self) -> tuple[str, ...]:
        """The beginnings of the overrides that do not reach it."""
        return POSE_KEYS * self.on_random + _POSES_FILE * self.own_poses


@dataclass(frozen=True)
class Profile:
    """One size of all sections.

    Attributes:
        sections: sizes by section.
        failures: persons that the gallery shows at most of the first parser of `parsing`, and of its rival.
        evidence: True if the results count as evidence; otherwise every page is labelled a demonstration.
    """

    sections: dict[str, list[Size]]
    failures: int
    evidence: bool


def _matching(
    seconds: float, poses: list[str], random: list[str], every: Sequence[str] = (), bench: Sequence[str] = (),
    values: Mapping[str, Sequence[Any]] | None = None, further: Sequence[Mapping[str, Any]] = (),
) -> list[Size]:  # fmt: skip
    """Return the solvers, the sweep over T, N and alpha with its rivals, the choices left open, sizes, the bench.

    Args:
        seconds: a run may take on two CPU cores.
        poses: settings of runs on poses.
        random: settings of runs on random problems.
        every: settings of both.
        bench: settings of the bench.
        values: in the place of those of sweeps/matcher.yaml.
        further: other sweeps, with attributes of `Size`.
    """

    def match(file: str, *first: str, on_random: bool = False, **others: Any) -> Size:  # noqa: ANN401
        settings = [*first, *every, *(["data.name=random", *random] if on_random else poses)]
        return Size(file, "match", seconds, values or {}, settings, on_random, **others)

    sizes = [match("experiments/matcher/solvers.yaml", f"data.poses.preset={name}") for name in ("default", "hard")]
    for on_random in (False, True):
        steps = "sweeps/matcher.yaml"
        sizes.append(match(steps, on_random=on_random))
        sizes.append(match(steps, "variant=one_projection", on_random=on_random, at_equal_cost=True))
    sizes += [match("experiments/matcher/readings.yaml", on_random=on_random) for on_random in (False, True)]
    sizes.append(match("experiments/matcher/sizes.yaml", on_random=True))
    sizes += [Size(**{"kind": "match", "seconds": seconds, **entry}) for entry in further]
    return [*sizes, Size("experiments/matcher/bench.yaml", "bench", _BENCH * seconds, settings=bench)]


def _profile(content: Mapping[str, Any]) -> Profile:
    sections = {"matching": _matching(**content["matching"])}
    for name, kind in {"learned": "learn", "parsing": "train", "rotation": "train"}.items():
        sections[name] = [Size(**{"kind": kind, **entry}) for entry in content[name]]
    return Profile(sections, content["failures"], content["evidence"])


_FILE = Path(__file__).with_name("profiles.yaml")

PROFILES = {name: _profile(content) for name, content in yaml.safe_load(_FILE.read_text(encoding="utf-8")).items()}
"""The profiles by name."""
