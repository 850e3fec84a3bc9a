"""Tables of failures: how many persons fail in which way, what mends them, and in which pictures."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from mghp.gallery.cases import CAUSES, KINDS, PERSON_COLUMNS, PERSONS, read_all
from mghp.report.table import Column, TableOf
from mghp.runs.read import Run, by_seed
from mghp.studies.parsing.tables import pictures_of, split_of

FAILURES = tuple(kind for kind in KINDS if kind != "right")
"""The kinds of failures, in order."""

_ENDING = "_failures"


@dataclass(frozen=True)
class FailureGroup:
    """Runs of one experiment and variant on one set of pictures.

    Attributes:
        experiment: experiment that trained them.
        variant: variant of the experiment, or "".
        pictures: rendered scene, or the folder and split of photographs.
        runs: one run per seed.
    """

    experiment: str
    variant: str
    pictures: str
    runs: list[Run]

    @property
    def name(self) -> str:
        """The experiment, variant and pictures, as a file's name."""
        words = filter(None, (self.experiment, self.variant, self.pictures))
        return re.sub(r"[^\w.+-]+", "_", "_".join(words))


def failure_groups(runs: Sequence[Run]) -> list[FailureGroup]:
    """Return the groups of the runs in which persons were judged one by one, in the order of the runs.

    Raises:
        InputError: if two are of one seed.
    """
    groups: dict[tuple[str, str, str], list[Run]] = {}
    for run in runs:
        if "failures/persons" in run.result["metrics"]:
            groups.setdefault((run.experiment.removesuffix(_ENDING), run.variant, _judged_on(run)), []).append(run)
    return [FailureGroup(*key, list(by_seed(some).values())) for key, some in groups.items()]


def _judged_on(run: Run) -> str:
    return pictures_of(run) if run.config["data"]["name"] == "synthetic" else split_of(run)


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
    """The kinds of a run's persons who have a tag; of all of them for ""."""

    run: Run
    tag: str
    kinds: list[str]


def _tagged(runs: Sequence[Run]) -> Iterator[_Tagged]:
    for run in runs:
        persons = _persons(run)
        counts = Counter(tag for _, tags in persons for tag in tags)
        rarest_first = [tag for tag, _ in reversed(counts.most_common())]
        for tag in ("", *rarest_first) if persons else ():
            yield _Tagged(run, tag, [kind for kind, tags in persons if not tag or tag in tags])


def _persons(run: Run) -> list[tuple[str, Collection[str]]]:
    """Return the kind and the tags of all judged persons; of the shown ones where a run kept no table of all."""
    if not run.has(str(PERSONS)):
        return [(case["kind"], case["tags"]) for cases in read_all([run.path]) for case in cases.cases]
    rows = run.rows(str(PERSONS), PERSON_COLUMNS, texts=PERSON_COLUMNS).fillna("")
    return [(kind, tags.split()) for kind, tags in zip(rows["kind"], rows["tags"], strict=True)]


def _share_of(kind: str, label: str) -> Column[_Tagged]:
    return Column(label, lambda row: 100 * row.kinds.count(kind) / len(row.kinds) if row.kinds else None, ".1f")


KINDS_AND_TAGS = TableOf(
    "failures_tags",
    "Cases by their tags, and how many of them are of each kind, in percent. Tags are those of the whole picture where "
    "it is rendered. In photographs they are each person's own, computed from human labels, and spurious persons have "
    "none.",
    Column("experiment", lambda row: row.run.experiment),
    Column("variant", lambda row: row.run.variant),
    Column("pictures", lambda row: _judged_on(row.run)),
    Column("seed", lambda row: str(row.run.seed)),
    Column("tag", lambda row: row.tag.replace("_", " ") or "all"),
    Column("cases", lambda row: len(row.kinds), "d"),
    *(_share_of(kind, label) for kind, label in KINDS.items()),
    rows=_tagged,
)


def count(runs: Sequence[Run], name: str) -> int:
    """Return a number of persons, summed over runs."""
    return sum(int(run.metric(f"failures/{name}")) for run in runs)
