"""Section `wandb`: where a run is logged."""

from dataclasses import dataclass
from typing import Literal


@dataclass
class WandbConfig:
    """Weights & Biases. WANDB_MODE and WANDB_SWEEP_ID, where set, decide over `mode`."""

    mode: Literal["offline", "online", "disabled"] = "offline"
    """Where the run is logged."""
    project: str = "mghp"
    """Project name on the server."""
