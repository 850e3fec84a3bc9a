"""The report of `mghp data check` as text."""

from collections import Counter
from collections.abc import Sequence

from mghp.datasets.check import BREAKING, NOTED, WORTHLESS, SplitReport


def check_text(reports: Sequence[SplitReport]) -> str:
    """Return a table of counts, then every fault on a line of its own."""
    kinds = (BREAKING, *WORTHLESS, *NOTED)
    columns = ("pictures", "published", "persons", "with a pose", *kinds)
    lines = [f"| split | {' | '.join(columns)} |", f"| --- |{' ---: |' * len(columns)}"]
    for report in reports:
        counts = Counter(fault.kind for fault in report.faults)
        known = "not known" if report.published is None else report.published
        numbers = (report.pictures, known, report.persons, report.with_pose, *(counts[kind] for kind in kinds))
        lines.append(f"| {report.split} | {' | '.join(map(str, numbers))} |")
    faults = [f"{fault.kind}: {fault.what}" for report in reports for fault in report.faults]
    return "\n".join([*lines, "", *(faults or ["no fault"])])
