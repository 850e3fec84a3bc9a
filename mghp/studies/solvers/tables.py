"""Tables M1 to M3: solvers side by side; T, N and the step size; the choices that the supplement leaves open."""

from collections.abc import Iterable, Sequence

from mghp.errors import InputError
from mghp.report.statistics import bootstrap_difference
from mghp.report.table import Table
from mghp.runs.read import Run, grid_runs

SOLVERS = (
    "identity", "pgd_dykstra", "projection", "sinkhorn", "linear_program", "hungarian", "greedy",
    "softmax", "straight_through", "blackbox", "perturbed",
)  # fmt: skip
"""Matchers in the order of the tables."""

LABELS = {
    "identity": "the affinity itself",
    "pgd_dykstra_paper": "PGD-Dykstra, the paper's settings",
    "pgd_dykstra_large_step": "PGD-Dykstra, alpha = 1, last iterate",
    "pgd_dykstra_long": "PGD-Dykstra, T = 200, N = 20, alpha = 0.1, last iterate",
    "pgd_dykstra_warm": "PGD-Dykstra, alpha = 1, last iterate, warm start",
    "projection_tau_half": "one projection of 0.5 A",
    "projection_tau_50": "one projection of 50 A",
    "sinkhorn_at_most_one": "unbalanced Sinkhorn, at most one",
    "sinkhorn_kl": "unbalanced Sinkhorn, KL",
    "sinkhorn_dustbin": "unbalanced Sinkhorn, dustbin",
    "linear_program": "linear program",
    "hungarian": "Hungarian",
    "greedy": "greedy",
}
"""Variants of experiments/matcher/solvers.yaml in words; others go by their own names."""

NOT_DIFFERENTIABLE = ("linear_program", "hungarian", "greedy")
"""Matchers that cannot be trained through."""

ROUNDINGS = ("hungarian", "mutual", "greedy")


_MEASURED = ("problems", "method", "forward_ms", "both_ms", "forward_ratio", "both_ratio", "memory_share")
_WORDS = ("problems", "method")
_PADDED = ("sizes", "method", "problems", "padding", "padded_ms", "without_ms", "ratio")


def matching_tables(runs: Sequence[Run]) -> list[Table]:
    """All tables that these runs can fill; those without a run stay empty."""
    return [
        solver_table(runs),
        association_table(runs),
        step_table(runs),
        size_table(runs),
        reading_table(runs),
        bench_table(runs),
        padding_table(runs),
        scaling_table(runs),
    ]


def solver_table(runs: Iterable[Run]) -> Table:
    """M1: quality, feasibility and cost of each solver."""
    table = Table(
        "M1",
        "Solvers side by side. Gap to the linear program's optimum after repair (over problems whose optimum is at "
        "least 0.1); worst violation of its constraints; gap left by Hungarian rounding; coupling (off-diagonal share "
        "of the Jacobian); share of problems on which the rounded assignment is the "
        "Hungarian's; CPU milliseconds an image and rise of memory over all problems in one pass.",
        {
            "problems": "", "solver": "", "gap mean [%]": ".2f", "gap p95 [%]": ".2f", "worst violation": ".1e",
            "rounded gap [%]": ".2f", "coupling": ".3f", **{f"agrees, {rounding} [%]": ".1f" for rounding in ROUNDINGS},
            "forward [ms]": ".3f", "both [ms]": ".3f", "memory [MB]": ".0f", "differentiable": "",
        },
    )  # fmt: skip
    for run in solver_runs(runs):
        is_differentiable = run.config["matcher"]["name"] not in NOT_DIFFERENTIABLE
        peak = run.metric(f"memory/{'both' if is_differentiable else 'forward'}_peak_mb")
        agreement = {
            f"agrees, {rounding} [%]": 100 * run.metric(f"matching/agreement_{rounding}") for rounding in ROUNDINGS
        }
        table.add(
            {
                "problems": run.data,
                "solver": solver_label(run),
                "gap mean [%]": 100 * run.metric("matching/gap_mean"),
                "gap p95 [%]": 100 * run.metric("matching/gap_p95"),
                "worst violation": run.metric("matching/violation_worst"),
                "rounded gap [%]": 100 * run.metric("matching/rounded_gap_mean"),
                "coupling": run.metric("matching/coupling"),
                **agreement,
                "forward [ms]": run.metric("time/forward_ms_per_image"),
                "both [ms]": run.metric("time/both_ms_per_image"),
                "memory [MB]": peak,
                "differentiable": "yes" if is_differentiable else "no",
            },
            run,
        )
    return table


def association_table(runs: Iterable[Run]) -> Table:
    """M1 continued: F1 of the pairs joined, and what a solver gains over the affinity itself."""
    table = Table(
        "M1_association",
        "F1 of joined pairs by each rounding, threshold tuned on validation images, scored on the others; in brackets "
        "over problems with two and more candidates a side. Difference from identity after the same rounding, with its "
        "95 % interval by a paired bootstrap over images.",
        {"problems": "", "solver": "", **{f"{kind}, {r}": "" for r in ROUNDINGS for kind in ("F1", "difference")}},
    )
    solvers = solver_runs(runs)
    baselines = {run.data: run for run in solvers if run.variant == "identity"}
    for run in solvers:
        row: dict[str, str] = {"problems": run.data, "solver": solver_label(run)}
        for rounding in ROUNDINGS:
            score = run.metric(f"association/f1_{rounding}")
            contested = run.metric(f"association/f1_contested_{rounding}")
            row[f"F1, {rounding}"] = f"{100 * score:.2f} ({100 * contested:.2f})"
            row[f"difference, {rounding}"] = difference_in_words(run, baselines.get(run.data), rounding)
        table.add(row, run)
    return table


def difference_in_words(run: Run, baseline: Run | None, rounding: str) -> str:
    """F1 of a run minus that of a baseline on the same images, in points, with its 95 % interval."""
    if baseline is None or baseline.path == run.path:
        return ""
    found = association_difference(run, baseline, rounding)
    if found is None:
        return ""
    difference, low, high = found
    return f"{100 * difference:+.2f} [{100 * low:+.2f}, {100 * high:+.2f}]"


def association_difference(run: Run, baseline: Run, rounding: str) -> tuple[float, float, float] | None:
    """F1 of a run minus that of a baseline, and its 95 % interval; None where one was not scored so.

    Raises:
        InputError: if they were scored on different images, or on none.
    """
    counts, reference = run.association(rounding), baseline.association(rounding)
    if counts is None or reference is None:
        return None
    if len(counts) != len(reference) or not len(counts):
        raise InputError(
            f"{run.path} and {baseline.path}: scored on {len(counts)} and {len(reference)} images, expected the same"
        )
    return bootstrap_difference(counts, reference)


def step_table(runs: Sequence[Run]) -> Table:
    """M2: the T x N x step-size grid, and one projection at the same cost."""
    table = Table(
        "M2",
        "What T, N and the step size alpha do. Gap after repair and violation, of the mean of the iterates (the "
        "paper's result) and of the last; tau = T alpha; the gap of one projection P_C(tau A) with T N cycles, and the "
        "largest entry of |Y_T - P_C(tau A)| (mean over problems); F1 by Hungarian rounding.",
        {
            "problems": "", "T": "d", "N": "d", "alpha": "g", "tau": "g", "gap, mean [%]": ".2f",
            "gap, last [%]": ".2f", "violation, mean": ".1e", "violation, last": ".1e", "worst violation": ".1e",
            "tight rows [%]": ".0f", "coupling": ".2f", "one projection, gap [%]": ".2f",
            "one projection, violation": ".1e", "distance to it": ".1e", "F1 [%]": ".2f",
        },
    )  # fmt: skip
    rivals = {
        (run.data, round(run.matcher["tau"], 9), run.matcher["num_cycles"]): run
        for run in _of(runs, "steps")
        if run.config["matcher"]["name"] == "projection"
    }
    grid = grid_runs(runs)
    for run in sorted(grid, key=lambda run: (run.data, *grid_point(run))):
        steps, cycles, step_size = grid_point(run)
        rival = rivals.get((run.data, round(steps * step_size, 9), steps * cycles))
        table.add(
            {
                "problems": run.data, "T": steps, "N": cycles, "alpha": step_size, "tau": steps * step_size,
                "gap, mean [%]": 100 * run.metric("matching/gap_mean"),
                "gap, last [%]": 100 * run.metric("last_iterate/gap_mean"),
                "violation, mean": run.metric("matching/violation_mean"),
                "violation, last": run.metric("last_iterate/violation_mean"),
                "worst violation": run.metric("last_iterate/violation_worst"),
                "tight rows [%]": 100 * run.metric("last_iterate/tight_rows"),
                "coupling": run.metric("matching/coupling"),
                "one projection, gap [%]": 100 * rival.metric("matching/gap_mean") if rival else None,
                "one projection, violation": rival.metric("matching/violation_mean") if rival else None,
                "distance to it": run.metric("matching/distance_to_one_projection"),
                "F1 [%]": 100 * run.metric("association/f1_hungarian"),
            },
            *([run, rival] if rival else [run]),
        )  # fmt: skip
    return table


def grid_point(run: Run) -> tuple[int, int, float]:
    """T, N and alpha of a PGD-Dykstra run."""
    return run.matcher["num_steps"], run.matcher["num_cycles"], run.matcher["step_size"]


def size_table(runs: Iterable[Run]) -> Table:
    """M2 continued: the paper's settings on random problems of growing size."""
    table = Table(
        "M2_sizes",
        "The paper's settings (T = 50, N = 5, alpha = 0.01) on uniform random problems of growing size: gap after "
        "repair of the mean of the iterates and of the last, rows whose sum reaches 1 at the last step, coupling.",
        {
            "problems": "", "gap, mean [%]": ".1f", "gap, last [%]": ".1f", "tight rows [%]": ".0f",
            "violation, last": ".1e", "coupling": ".2f",
        },
    )  # fmt: skip
    for run in sorted(_of(runs, "sizes"), key=lambda run: run.config["data"]["random"]["source"]):
        table.add(
            {
                "problems": run.data,
                "gap, mean [%]": 100 * run.metric("matching/gap_mean"),
                "gap, last [%]": 100 * run.metric("last_iterate/gap_mean"),
                "tight rows [%]": 100 * run.metric("last_iterate/tight_rows"),
                "violation, last": run.metric("last_iterate/violation_mean"),
                "coupling": run.metric("matching/coupling"),
            },
            run,
        )
    return table


def reading_table(runs: Iterable[Run]) -> Table:
    """M3: warm start, reading of the projection, mean or last iterate, starting point."""
    table = Table(
        "M3",
        "Choices that the supplement leaves open, at T = 50, N = 5. Cold starts are the paper's; a warm start keeps "
        "Dykstra's corrections from step to step. raw gap: before repair, negative where the constraints are left.",
        {
            "problems": "", "alpha": "g", "start of cycles": "", "result": "", "Y_0": "", "projection": "",
            "gap [%]": ".2f", "raw gap [%]": ".2f", "violation": ".1e", "worst violation": ".1e", "coupling": ".2f",
            "distance to exact step": ".1e", "F1 [%]": ".2f",
        },
    )  # fmt: skip
    readings = [run for run in _of(runs, "readings") if run.config["matcher"]["name"] == "pgd_dykstra"]
    for run in sorted(readings, key=_reading):
        options = run.matcher
        table.add(
            {
                "problems": run.data,
                "alpha": options["step_size"],
                "start of cycles": "warm" if options["warm_start"] else "cold",
                "result": "mean" if options["average"] else "last",
                "Y_0": options["initial"],
                "projection": options["projection"].replace("_", " "),
                "gap [%]": 100 * run.metric("matching/gap_mean"),
                "raw gap [%]": 100 * run.metric("matching/raw_gap_mean"),
                "violation": run.metric("matching/violation_mean"),
                "worst violation": run.metric("matching/violation_worst"),
                "coupling": run.metric("matching/coupling"),
                "distance to exact step": run.metric("matching/distance_to_exact_step"),
                "F1 [%]": 100 * run.metric("association/f1_hungarian"),
            },
            run,
        )
    return table


def bench_table(runs: Iterable[Run]) -> Table:
    """`mghp bench matcher`: PGD-Dykstra against the literal algorithm."""
    table = Table(
        "bench_matcher",
        "PGD-Dykstra (T = 50, N = 5, float32) against the literal algorithm under autograd, and against solving the "
        "same problems one at a time: how many times faster, and the share of memory kept for the backward pass.",
        {
            "problems": "", "method": "", "forward [ms]": ".2f", "both [ms]": ".2f", "forward, times faster": ".1f",
            "both, times faster": ".1f", "memory, share": ".3f",
        },
    )  # fmt: skip
    for run in _of(runs, "bench_matcher"):
        for row in run.measurements("ratios.csv", _MEASURED, _WORDS):
            table.add(
                {
                    "problems": row["problems"], "method": row["method"], "forward [ms]": row["forward_ms"],
                    "both [ms]": row["both_ms"], "forward, times faster": row["forward_ratio"],
                    "both, times faster": row["both_ratio"], "memory, share": row["memory_share"],
                },
                run,
            )  # fmt: skip
    return table


def padding_table(runs: Iterable[Run]) -> Table:
    """`mghp bench matcher`: what padding costs."""
    table = Table(
        "bench_padding",
        "Problems of several sizes, as many of each, in one padded batch, against the same problems in a batch a size, "
        "without padding: forward and backward of PGD-Dykstra (T = 50, N = 5, float32).",
        {
            "candidates a side": "", "method": "", "problems": "d", "padding [%]": ".1f", "padded [ms]": ".2f",
            "without [ms]": ".2f", "times the time": ".2f",
        },
    )  # fmt: skip
    for run in _of(runs, "bench_matcher"):
        if not (run.path / "padding.csv").exists():  # a run of before it was measured
            continue
        for row in run.measurements("padding.csv", _PADDED, ("sizes", "method")):
            table.add(
                {
                    "candidates a side": row["sizes"], "method": row["method"], "problems": row["problems"],
                    "padding [%]": 100 * row["padding"], "padded [ms]": row["padded_ms"],
                    "without [ms]": row["without_ms"], "times the time": row["ratio"],
                },
                run,
            )  # fmt: skip
    return table


def scaling_table(runs: Iterable[Run]) -> Table:
    """`mghp bench matcher`: every solver against size and batch."""
    table = Table(
        "bench_scaling",
        "Milliseconds a batch of every solver, forward and, where it is differentiable, forward and backward: against "
        "candidates a side in batches of 64, and against problems in a batch of 16x16.",
        {
            "varied": "", "solver": "", "batch": "d", "candidates a side": "d", "forward [ms]": ".2f",
            "both [ms]": ".2f", "forward, a problem [us]": ".1f",
        },
    )  # fmt: skip
    for run in _of(runs, "bench_matcher"):
        for row in run.steps.to_dict("records"):
            table.add(
                {
                    "varied": row["varied"], "solver": row["solver"], "batch": row["batch"],
                    "candidates a side": row["size"], "forward [ms]": row["forward_ms"], "both [ms]": row["both_ms"],
                    "forward, a problem [us]": 1000 * row["forward_ms"] / row["batch"],
                },
                run,
            )  # fmt: skip
    return table


def solver_runs(runs: Iterable[Run]) -> list[Run]:
    """Runs of M1: by data, then as `SOLVERS` lists them."""
    return sorted(
        _of(runs, "solvers"), key=lambda run: (run.data, SOLVERS.index(run.config["matcher"]["name"]), run.variant)
    )


def solver_label(run: Run) -> str:
    """A run of M1 in words."""
    return LABELS.get(run.variant, run.variant.replace("_", " "))


def _reading(run: Run) -> tuple[str, float, bool, bool, str, str]:
    """Order of M3: the paper's reading first, then what differs from it."""
    options = run.matcher
    return (
        run.data,
        options["step_size"],
        options["projection"] != "halfspace",
        options["warm_start"],
        str(options["average"]),
        options["initial"],
    )


def _of(runs: Iterable[Run], experiment: str) -> list[Run]:
    return [run for run in runs if run.experiment == experiment]
