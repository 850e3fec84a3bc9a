"""Our matchers as the table has them: a regulariser of a given weight, whichever solves for it."""

from mghp.matching import Hungarian, Matcher, PGDDykstra, Projection, UnbalancedSinkhorn, make_matcher

RHO = 1.0
"""Weight of the penalty on sums other than one, in units of affinity, wherever a peer has one."""

SAMPLES = 10
"""Draws of the perturbed optimisers."""


def pgd_dykstra(weight: float, iterations: int) -> Matcher:
    """Return the paper's matcher, whose steps reach the projection of the affinity over `weight`, about."""
    return PGDDykstra(num_steps=iterations, step_size=1 / (weight * iterations), average=False)


def projection_dykstra(weight: float, iterations: int) -> Matcher:
    """Return the projection by Dykstra's cycles."""
    return Projection(1 / weight, num_cycles=iterations)


def projection_newton(weight: float, _: int) -> Matcher:
    """Return the exact projection, with its implicit gradient."""
    return Projection(1 / weight, method="newton")


def fenchel_young(weight: float, _: int) -> Matcher:
    """Return the exact projection, which its own loss asks for no gradient."""
    return projection_newton(weight, 0)


def sinkhorn_unrolled(weight: float, iterations: int) -> Matcher:
    """Return Sinkhorn with sums of one at most, whose rounds are differentiated."""
    return UnbalancedSinkhorn(weight, num_iterations=iterations)


def sinkhorn_implicit(weight: float, iterations: int) -> Matcher:
    """Return Sinkhorn with sums of one at most, whose fixed point is differentiated."""
    return UnbalancedSinkhorn(weight, num_iterations=iterations, gradient="implicit")


def sinkhorn_kl(weight: float, iterations: int) -> Matcher:
    """Return Sinkhorn with penalised sums, whose fixed point is differentiated."""
    return UnbalancedSinkhorn(weight, RHO, iterations, "kl", gradient="implicit")


def hungarian(_: float, __: int) -> Matcher:
    """Return SciPy's exact matching."""
    return Hungarian()


def structured_hinge(_: float, __: int) -> Matcher:
    """Return SciPy's exact matching, which rounds what the hinge on the affinity has trained."""
    return Hungarian()


def perturbed(weight: float, _: int) -> Matcher:
    """Return the mean matching under noise of standard deviation `weight`."""
    return make_matcher("perturbed", sigma=weight, num_samples=SAMPLES)
