"""The peers by name: which package each needs, how it takes a batch, and which of our matchers does the same."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal

from mghp.registry import Entry, Registry

Way = Literal["one batch", "a batch a size", "one by one"]
"""How a peer takes problems: padded with masks, those of a size together, or one after the other."""


@dataclass(frozen=True, kw_only=True)
class PeerEntry(Entry):
    """One peer; `path` names what builds its matcher, called as `build(weight, iterations)`.

    The matcher solves the linear program with a regulariser of that weight, in units of affinity: the quadratic one
    (half the squared norm of the assignment), the entropy, or what the peer has in their place.

    Attributes:
        against: the name of the matcher of ours that does the same, whose time is the unit of the peer's.
        way: how it takes problems.
        iterations: its iterations where nothing else is said; 0 for a peer that has no such number.
        loss: what it is trained by, in `MATCHING_LOSSES`.
        package: what pip installs; empty for ours.
        module: what is then imported; empty for ours.
        obstacle: why pip cannot install it here, where that is known.
    """

    against: str
    way: Way = "one batch"
    iterations: int = 0
    loss: str = "cross_entropy"
    package: str = ""
    module: str = ""
    obstacle: str = ""

    def missing(self) -> str:
        """Return why the peer cannot be imported; empty where it can."""
        if not self.module or find_spec(self.module):
            return ""
        return self.obstacle or f"{self.package} is not installed: pip install 'mghp[peers]'"


PEERS: Registry[PeerEntry] = Registry("peer", "mghp.peers")
"""All peers, ours first, in the order of the table."""


def _ours(name: str, label: str, against: str = "", **about: Any) -> None:  # noqa: ANN401
    PEERS.add(PeerEntry(name, f"mghp.studies.peers.ours:{name}", label, against=against or name, **about))


def _theirs(name: str, build: str, label: str, **about: Any) -> None:  # noqa: ANN401
    PEERS.add(PeerEntry(name, f"mghp.studies.peers.{name}:{build}", label, **about))


_ours("pgd_dykstra", "PGD-Dykstra, last iterate", iterations=50)
_ours("projection_dykstra", "one projection, Dykstra", "projection_newton", iterations=250)
_ours("projection_newton", "one projection, Newton")
_ours("fenchel_young", "one projection, Newton, Fenchel-Young loss", loss="fenchel_young")
_ours("sinkhorn_unrolled", "unbalanced Sinkhorn, unrolled", "sinkhorn_implicit", iterations=100)
_ours("sinkhorn_implicit", "unbalanced Sinkhorn, implicit", iterations=100)
_ours("sinkhorn_kl", "unbalanced Sinkhorn, KL, implicit", iterations=100)
_ours("hungarian", "Hungarian (SciPy)")
_ours("structured_hinge", "structured hinge (SciPy)", loss="structured_hinge")
_ours("perturbed", "perturbed optimiser", loss="squared_error")
_theirs(
    "literal", "Literal", "DMM-Net's loop: Algorithm 1 line by line", against="pgd_dykstra", way="a batch a size",
    iterations=50,
)  # fmt: skip
_theirs(
    "lp_sparsemap", "LPSparseMAP", "LP-SparseMAP", against="projection_newton", way="one by one", iterations=1000,
    package="lp-sparsemap", module="lpsmap",
    obstacle="pip has lp-sparsemap for Python 3.8 and 3.9 alone: its source archive lacks the headers and the Cython "
    "files",
)  # fmt: skip
_theirs(
    "cvxpylayers_diffcp", "CvxpyDiffcp", "cvxpylayers, diffcp", against="projection_newton", way="one by one",
    package="cvxpylayers", module="cvxpylayers",
)  # fmt: skip
_theirs(
    "cvxpylayers_mpax", "CvxpyMPAX", "cvxpylayers, MPAX (no gradient in torch)", against="projection_newton",
    way="a batch a size", package="mpax", module="mpax",
)  # fmt: skip
_theirs(
    "entmax", "RowSparsemax", "entmax: sparsemax by rows", against="projection_newton", way="a batch a size",
    package="entmax", module="entmax",
)  # fmt: skip
_theirs(
    "linsatnet", "LinSAT", "LinSATNet", against="sinkhorn_implicit", way="a batch a size", iterations=100,
    package="LinSATNet", module="LinSATNet",
)  # fmt: skip
_theirs(
    "pygmtools", "PygmSinkhorn", "pygmtools: Sinkhorn with unmatched", against="sinkhorn_implicit",
    way="a batch a size", iterations=100, package="pygmtools", module="pygmtools",
)  # fmt: skip
_theirs(
    "pot", "POTUnbalanced", "POT: unbalanced Sinkhorn", against="sinkhorn_kl", way="one by one", iterations=100,
    package="POT", module="ot",
)  # fmt: skip
_theirs(
    "ott", "OTTUnbalanced", "OTT-JAX: unbalanced Sinkhorn, implicit", against="sinkhorn_kl", iterations=100,
    package="ott-jax", module="ott",
)  # fmt: skip
_theirs(
    "lapx", "Lapx", "lapx: Jonker-Volgenant", against="hungarian", way="a batch a size", package="lapx", module="lap"
)
_theirs(
    "torchmatch", "TorchMatch", "torchmatch: Jonker-Volgenant", against="hungarian", way="a batch a size",
    package="torchmatch", module="torchmatch", obstacle="pip has torchmatch for Python 3.13 and later alone",
)  # fmt: skip
_theirs(
    "pyepo_perturbed", "PyEPOPerturbed", "PyEPO: perturbed optimiser", against="perturbed", way="a batch a size",
    loss="squared_error", package="PyEPO", module="pyepo",
)  # fmt: skip
_theirs(
    "pyepo_spo_plus", "PyEPOSPOPlus", "PyEPO: SPO+ loss", against="structured_hinge", way="a batch a size",
    loss="pyepo_spo_plus", package="PyEPO", module="pyepo",
)  # fmt: skip
