"""The peer of CONTRIBUTING.md, installed by another package, is one of the table."""

import torch

from mghp.studies.peers.registry import PEERS


def test_a_planted_peer_is_built_like_any_other(snippet_of, install):
    install(PEERS, "clamped", "clamped", snippet_of("Adding a peer"))
    assert "clamped" in PEERS
    assert PEERS["clamped"].missing() == ""
    affinity = torch.tensor([[[0.1, 3.0], [-1.0, 0.2]]])
    assert torch.equal(PEERS["clamped"].load()(0.5, 0)(affinity), torch.tensor([[[0.2, 1.0], [0.0, 0.4]]]))
