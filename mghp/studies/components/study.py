"""The study of components: what does each of them bring, and what limits the result?"""

from mghp.report.study import Question, Study
from mghp.studies.components.answers import all_components, field, limits, other_matchers, training_through
from mghp.studies.components.figures import component_drawings
from mghp.studies.components.swaps import P2_MATCHERS, P2_ORACLES
from mghp.studies.components.tables import (
    EXPERIMENT,
    LONGER,
    P2,
    P2_DIFFERENCES,
    P2_LONG,
    P2_LONG_DIFFERENCES,
    P2_THROUGH,
)

STUDY = Study(
    (
        Question(
            "What does each component bring?",
            all_components,
            (P2, P2_DIFFERENCES),
            {"components": "What each component changes, in three scores"},
        ),
        Question(
            "Does the parser gain by training through the matcher?",
            training_through,
            (P2_THROUGH, P2_LONG, P2_LONG_DIFFERENCES),
            {"through_the_matcher": "What a matching loss through each matcher changes"},
        ),
        Question(
            "Does the projection field help, does its refinement?",
            field,
            figures={
                "field_levels": (
                    "Grouping against the levels over which the full model's projection field is refined. Rivals are "
                    "whole ways of grouping: persons found by their centres need no pose"
                )
            },
        ),
        Question(
            "Does another matcher at test time do as well?",
            other_matchers,
            (P2_MATCHERS,),
            {"other_matchers": "What another matcher at test time changes"},
        ),
        Question(
            "What limits the result?",
            limits,
            (P2_ORACLES,),
            {"oracles": "Scores with the truth in the place of one predicted field at a time"},
        ),
    ),
    component_drawings,
    (EXPERIMENT, LONGER),
)
