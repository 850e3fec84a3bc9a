"""Where the checkout lies, with its analysis/."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The folder that mghp/ lies in; analysis/ lies beside it in a checkout, and nowhere else."""
