"""Oracles: true fields in the place of predicted ones, to see which of them limits the result."""

from dataclasses import replace

from mghp.config.evaluation import ORACLES
from mghp.parsing.fields import Fields


def with_oracle(predicted: Fields, true: Fields, oracle: str) -> Fields:
    """Replace the predicted fields of an oracle by true ones; strides must agree."""
    return replace(predicted, **{name: getattr(true, name) for name in ORACLES[oracle]})
