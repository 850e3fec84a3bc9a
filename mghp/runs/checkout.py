"""Where the checkout lies, with its experiments/ and sweeps/."""

from pathlib import Path

from mghp.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
"""experiments/, sweeps/ and analysis/ lie here."""


def checkout() -> Path:
    """Return `ROOT`, if it is a checkout.

    Raises:
        InputError: if the package was installed without its experiment files.
    """
    if not (ROOT / "experiments").is_dir():
        raise InputError(f"{ROOT}: no experiments folder; `mghp reproduce` runs from a checkout (pip install -e .)")
    return ROOT
