"""The study of parsing: what does a single training reach, what limits it, and what does the assembly lose?"""

from mghp.report.study import Question, Study
from mghp.studies.parsing.answers import assembly, limits, training
from mghp.studies.parsing.figures import parsing_drawings
from mghp.studies.parsing.published_table import P1, missing
from mghp.studies.parsing.tables import ASSEMBLY, TAGS, TRAININGS, TRUE_FIELDS

STUDY = Study(
    (
        Question(
            "How does a training go?",
            training,
            (TRAININGS,),
            {"training_": "Losses and scores of a training", "parsing_minutes": "Scores against training time"},
        ),
        Question("What limits a single training, and which pictures fail?", limits, (TRUE_FIELDS, TAGS)),
        Question(
            "What does the assembly itself lose?",
            assembly,
            (ASSEMBLY,),
            {"assembly": "What remains on true fields after each step of the assembly"},
        ),
        Question("What has been published, and what is ours?", missing, (P1,)),
    ),
    parsing_drawings,
)  # fmt: skip
