"""The same cvxpy layer through MPAX, which also runs on a GPU; its layer in torch has no backward pass."""

from mghp.studies.peers.cvxpylayers_diffcp import CvxpyDiffcp


class CvxpyMPAX(CvxpyDiffcp):
    """The projection by MPAX's first-order method."""

    differentiable = False
    solver = "MPAX"
