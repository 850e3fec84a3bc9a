"""The studies by name, in the order of the report; a study's module is imported when it is asked for."""

from mghp.registry import Entry, Registry
from mghp.report.study import Study

STUDIES: Registry[Entry] = Registry("study", "mghp.studies")
for _name, _title in {
    "solvers": "The matcher on matching problems",
    "learned": "Limb scores learned through the matcher",
    "parsing": "Parsing crowds",
    "components": "Components of the parser",
    "rotation": "Rotation and stress",
    "failures": "Failures",
    "speed": "Speed and memory",
}.items():
    STUDIES.add(Entry(_name, f"mghp.studies.{_name}.study:STUDY", _title))


def all_studies() -> list[Study]:
    """Return the studies, in the order of the report."""
    return [entry.load() for entry in STUDIES.entries]
