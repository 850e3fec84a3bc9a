"""Tables of failures: how many persons fail in which way, what mends them, and in which pictures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from mghp.gallery.cases import CAUSES, KINDS, CaseSet, read_all
from mghp.report.table import Column, TableOf
from mghp.runs.read import Run, by_seed
from mghp.studies.parsing.tables import pictures_of

FAILURES = tuple(kind for kind in KINDS if kind != "right")
"""The kinds of failures, in order."""

_ENDING = "_failures"


@dataclass(frozen=True)
class FailureGroup:
    """Runs of one experiment and variant on one set of pictures.

    Attributes:
        experiment: experiment that trained them.
        variant: variant of the experiment, or "".
        pictures: rendered scene, or dataset.
        runs: one run per seed.
    """

    experiment: str
    variant: str
    pictures: str
    runs: list[Run]

    @property
    def name(self) -> str:
        """The experiment, variant and pictures, as a file's name."""
        return "_".join(word for word in (self.experiment, self.variant, self.pictures) if word)


def failure_groups(runs: Sequence[Run]) -> list[FailureGroup]:
    """Return the groups of the runs in which persons were judged one by one, in the order of the runs.

    Raises:
        InputError: if two are of one seed.
    """
    groups: dict[tuple[str, str, str], list[Run]] = {}
    for run in runs:
        if "failures/persons" in run.result["metrics"]:
            groups.setdefault((run.experiment.removesuffix(_ENDING), run.variant, pictures_of(run)), []).append(run)
    return [FailureGroup(*key, list(by_seed(some).values())) for key, some in groups.items()]


@dataclass(frozen=True)
class _Kind:
    """One kind of cases within a group."""

    group: FailureGroup
    kind: str

    def count(self, name: str) -> int:
        """Return a number of persons, summed over the group's runs."""
        return count(self.group.runs, name)

    @property
    def share(self) -> float:
        """The share of the true persons, in percent; NaN without any."""
        persons = self.count("persons")
        return 100 * self.count(self.kind) / persons if persons else float("nan")


def _mended_by(cause: str, label: str) -> Column[_Kind]:
    return Column(label, lambda row: None if row.kind == "right" else row.count(f"{row.kind}/{cause}"), "d")


KINDS_AND_CAUSES = TableOf(
    "failures",
    "Persons by what went wrong with them, in percent of the true persons, and their number by what mends them: "
    "the first of the predicted parts, keypoints, limbs and projection field that does so when it is replaced by "
    "the true one. Numbers are sums over seeds.",
    Column("experiment", lambda row: row.group.experiment),
    Column("variant", lambda row: row.group.variant),
    Column("pictures", lambda row: row.group.pictures),
    Column("seeds", lambda row: len(row.group.runs), "d"),
    Column("kind", lambda row: KINDS[row.kind]),
    Column("persons [%]", lambda row: row.share, ".1f"),
    Column("persons", lambda row: row.count(row.kind), "d"),
    *(_mended_by(cause, label) for cause, label in CAUSES.items()),
    rows=lambda runs: (_Kind(group, kind) for group in failure_groups(runs) for kind in KINDS),
    sources=lambda row: row.group.runs,
)


@dataclass(frozen=True)
class _Tagged:
    """The cases of one run whose pictures have a tag; all of them for ""."""

    run: Run
    cases: CaseSet
    tag: str

    @cached_property
    def kinds(self) -> list[str]:
        """The kind of each case."""
        return [case["kind"] for case in self.cases.cases if not self.tag or self.tag in case["tags"]]


def _tagged(runs: Sequence[Run]) -> Iterator[_Tagged]:
    for run in runs:
        for cases in read_all([run.path]):
            yield from (_Tagged(run, cases, tag) for tag in ("", *cases.tags))


def _share_of(kind: str, label: str) -> Column[_Tagged]:
    return Column(label, lambda row: 100 * row.kinds.count(kind) / len(row.kinds) if row.kinds else None, ".1f")


KINDS_AND_TAGS = TableOf(
    "failures_tags",
    "Cases by the tags of their pictures, and how many of them are of each kind, in percent.",
    Column("experiment", lambda row: row.run.experiment),
    Column("variant", lambda row: row.run.variant),
    Column("seed", lambda row: str(row.run.seed)),
    Column("tag", lambda row: row.tag.replace("_", " ") or "all"),
    Column("cases", lambda row: len(row.kinds), "d"),
    *(_share_of(kind, label) for kind, label in KINDS.items()),
    rows=_tagged,
)


def count(runs: Sequence[Run], name: str) -> int:
    """Return a number of persons, summed over runs."""
    return sum(int(run.metric(f"failures/{name}")) for run in runs)
