"""What limb scores are worth that are trained through a peer, by the protocol of sweeps/learned.yaml."""

from dataclasses import replace

from mghp.config.schema import Config
from mghp.errors import InputError
from mghp.studies.learned.run import learned_f1
from mghp.studies.peers.measured import trains
from mghp.studies.peers.registry import PEERS


def trained(name: str, config: Config) -> float:
    """Return the F1 of limbs on test images, trained through a peer by its own loss.

    Args:
        name: of the peer.
        config: of the data and the training.

    Raises:
        InputError: if the peer has no gradient, or the data make no problem.
    """
    entry = PEERS[name]
    matcher = entry.load()(config.bench.regulariser, entry.iterations)
    if not trains(matcher, entry.loss):
        raise InputError("has no gradient to train through")
    return learned_f1(replace(config, losses=replace(config.losses, matching=entry.loss)), matcher)
