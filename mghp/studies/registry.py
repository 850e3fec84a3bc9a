"""The studies by name and title, in the order of the report; a study's module is imported when it is asked for."""

from mghp.registry import Entry, Registry
from mghp.report.study import Question, Study

STUDIES: Registry[Entry] = Registry("study", "mghp.studies")
for _name, _title in {
    "verdicts": "The paper's claims, one by one",
    "solvers": "The matcher on matching problems",
    "learned": "Limb scores learned through the matcher",
    "parsing": "Parsing crowds",
    "photographs": "Photographs",
    "matching_loss": "Training a parser through the matcher",
    "groupings": "Ways to group pixels",
    "components": "Components of the parser",
    "rotation": "Rotation and stress",
    "failures": "Failures",
    "speed": "Speed and memory",
}.items():
    STUDIES.add(Entry(_name, f"mghp.studies.{_name}.study:STUDY", _title))


def all_studies() -> dict[str, Study]:
    """Return the studies by title, in the order of the report."""
    return {entry.label: entry.load() for entry in STUDIES.entries}


def own_experiments() -> set[str]:
    """Return the names of the experiments that studies keep to themselves."""
    return {name for study in all_studies().values() for name in study.experiments}


def all_questions() -> list[Question]:
    """Return the questions of all studies, in the order of the report."""
    return [question for study in all_studies().values() for question in study.questions]
