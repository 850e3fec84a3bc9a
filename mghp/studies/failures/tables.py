"""Table of failures: how many persons fail in which way, and what mends them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mghp.gallery.cases import CAUSES, KINDS, CaseSet
from mghp.report.table import Table
from mghp.runs.read import Run, by_seed
from mghp.studies.parsing.tables import pictures_of

FAILURES = tuple(kind for kind in KINDS if kind != "right")
"""Kinds of failures."""

_ENDING = "_failures"


def failure_runs(runs: Sequence[Run]) -> list[Run]:
    """The runs whose persons were judged one by one: those of `mghp gallery`."""
    return [run for run in runs if "failures/persons" in run.result["metrics"]]


@dataclass(frozen=True)
class FailureGroup:
    """Runs of one experiment and variant on one set of pictures.

    Attributes:
        experiment: that trained them.
        variant: of it, or "".
        pictures: the rendered scene, or the dataset.
        runs: one a seed.
    """

    experiment: str
    variant: str
    pictures: str
    runs: list[Run]

    @property
    def name(self) -> str:
        """All that tells it from others, as a file's name."""
        return "_".join(word for word in (self.experiment, self.variant, self.pictures) if word)


def failure_groups(runs: Sequence[Run]) -> list[FailureGroup]:
    """In the order of the runs.

    Raises:
        InputError: if two are of one seed.
    """
    groups: dict[tuple[str, str, str], list[Run]] = {}
    for run in failure_runs(runs):
        groups.setdefault((run.experiment.removesuffix(_ENDING), run.variant, pictures_of(run)), []).append(run)
    return [FailureGroup(*key, list(by_seed(some).values())) for key, some in groups.items()]


def failure_table(runs: Sequence[Run]) -> Table:
    """Kinds of failures against what mends them."""
    table = Table(
        "failures",
        "Persons by what went wrong with them, in percent of the true persons, and their number by what mends them: "
        "the first of the predicted parts, keypoints, limbs and projection field that does so when it is replaced by "
        "the true one. Numbers are sums over seeds.",
        {
            "experiment": "", "variant": "", "pictures": "", "seeds": "d", "kind": "",
            "persons [%]": ".1f", "persons": "d",
            **dict.fromkeys(CAUSES.values(), "d"),
        },
    )  # fmt: skip
    for group in failure_groups(runs):
        some = group.runs
        persons = count(some, "persons")
        for kind, words in KINDS.items():
            number = count(some, kind)
            row = {
                "experiment": group.experiment, "variant": group.variant, "pictures": group.pictures,
                "seeds": len(some), "kind": words,
                "persons [%]": 100 * number / persons if persons else float("nan"), "persons": number,
            }  # fmt: skip
            if kind != "right":
                row |= {label: count(some, f"{kind}/{cause}") for cause, label in CAUSES.items()}
            table.add(row, *some)
    return table


def failure_tag_table(sets: Sequence[CaseSet]) -> Table:
    """Kinds of failures against the tags of the pictures, of the cases that were kept."""
    table = Table(
        "failures_tags",
        "Cases by the tags of their pictures, and how many of them are of each kind, in percent.",
        {"experiment": "", "variant": "", "seed": "", "tag": "", "cases": "d", **dict.fromkeys(KINDS.values(), ".1f")},
    )
    for cases in sets:
        about = {key: str(cases.about[key]) for key in ("experiment", "variant", "seed")}
        for tag in ("", *cases.tags):
            some = [case for case in cases.cases if not tag or tag in case["tags"]]
            kinds = Counter(case["kind"] for case in some)
            shares = {words: 100 * kinds[kind] / len(some) for kind, words in KINDS.items()} if some else {}
            table.add({**about, "tag": tag.replace("_", " ") or "all", "cases": len(some), **shares}, Run(cases.run))
    return table


def count(runs: Sequence[Run], name: str) -> int:
    """A number of persons, summed over runs."""
    return sum(int(run.metric(f"failures/{name}")) for run in runs)
