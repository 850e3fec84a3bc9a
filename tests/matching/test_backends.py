import io
import multiprocessing
import os
import subprocess
import sys
import warnings

import numba
import pytest
import torch
from affinities import padded, random_affinity
from torch.utils.data import DataLoader, Dataset

from mghp.matching import PGDDykstra, kernels, make_matcher
from mghp.matching.literal import literal_algorithm

OPTIONS = {"num_steps": 3, "num_cycles": 2, "step_size": 0.7}
BUSY = "takes CPU tensors outside torch.compile, export, data-loading workers and forked"


@pytest.fixture
def affinity():
    return torch.stack([random_affinity(3, 4, seed) for seed in range(2)])


@pytest.fixture
def in_torch(affinity):
    return PGDDykstra(**OPTIONS, backend="torch")(affinity)


@pytest.fixture
def calls(monkeypatch):
    """The number of threads of each call of the kernels."""
    threads = []

    def counted(name, run):
        def call(*args, **kwargs):
            threads.append((name, kwargs["num_threads"]))
            return run(*args, **kwargs)

        return call

    for name in ("forward", "backward"):
        monkeypatch.setattr(kernels, name, counted(name, getattr(kernels, name)))
    return threads


def assert_close(actual, expected):
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-12)


def test_auto_takes_the_kernels_for_eager_cpu_tensors(affinity, in_torch, calls):
    affinity.requires_grad_()
    assignment = PGDDykstra(**OPTIONS)(affinity)
    assert_close(assignment, in_torch)
    assignment.sum().backward()
    assert [name for name, _ in calls] == ["forward", "backward"]


@pytest.mark.parametrize("options", [{"backend": "torch"}, {"backward": "autograd"}])
def test_others_do_not(affinity, in_torch, calls, options):
    assert_close(PGDDykstra(**OPTIONS, **options)(affinity), in_torch)
    assert not calls


def test_a_parameter_is_a_tensor(affinity, in_torch, calls):
    assert_close(PGDDykstra(**OPTIONS)(torch.nn.Parameter(affinity)), in_torch)
    assert len(calls) == 1


def compiled(solve, affinity, other):
    return torch.compile(solve, fullgraph=True)(other)


def exported(solve, affinity, other):
    any_batch = {0: torch.export.Dim("batch", min=2)}
    return torch.export.export(solve, (affinity,), dynamic_shapes=(any_batch,)).module()(other)


def traced(solve, affinity, other):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.jit.trace(solve, affinity, check_trace=False)  # the check is an eager call
        buffer = io.BytesIO()
        torch.jit.save(program, buffer)
        buffer.seek(0)
        return torch.jit.load(buffer)(other)


def mapped(solve, affinity, other):
    return torch.func.vmap(solve)(other)


ELSEWHERE = pytest.mark.parametrize("run", [compiled, exported, traced, mapped])


@ELSEWHERE
def test_auto_takes_torch_where_operations_are_recorded(affinity, calls, run):
    """What was recorded on one affinity solves another, of another batch size."""
    other = torch.stack([random_affinity(3, 4, seed) for seed in range(10, 15)])
    result = run(PGDDykstra(**OPTIONS), affinity, other if run is not traced else other[:2])
    assert not calls
    assert_close(result, PGDDykstra(**OPTIONS, backend="torch")(other)[: len(result)])


@ELSEWHERE
def test_numba_is_refused_there(affinity, run):
    with pytest.raises(Exception, match=BUSY):
        run(PGDDykstra(**OPTIONS, backend="numba"), affinity, affinity)


def test_numba_is_refused_with_a_value_error(affinity):
    with pytest.raises(ValueError, match=BUSY):
        torch.func.vmap(PGDDykstra(**OPTIONS, backend="numba"))(affinity)
    with pytest.raises(ValueError, match="on meta"):
        PGDDykstra(**OPTIONS, backend="numba").solve(affinity.to("meta"), None, None)


def test_gradients_under_compile_and_jacrev(affinity, calls):
    matcher = PGDDykstra(**OPTIONS)
    expected = torch.autograd.functional.jacobian(PGDDykstra(**OPTIONS, backend="torch"), affinity)
    assert_close(torch.func.jacrev(matcher)(affinity), expected)
    affinity.requires_grad_()
    (gradient,) = torch.autograd.grad(torch.compile(matcher, fullgraph=True)(affinity).sum(), affinity)
    assert_close(gradient, expected.sum((0, 1, 2)))
    assert not calls


def test_masks_under_compile_and_export():
    affinity, sources, destinations = padded([random_affinity(3, 4, 0), random_affinity(2, 2, 1)], 5, filler=0.0)
    arguments = (affinity, sources, destinations)
    matcher = PGDDykstra(**OPTIONS)
    expected = matcher(*arguments)
    assert_close(torch.compile(matcher, fullgraph=True)(*arguments), expected)
    assert_close(torch.export.export(matcher, arguments).module()(*arguments), expected)


@pytest.mark.parametrize("name", ["sinkhorn", "projection"])
def test_other_matchers_compile_and_export(affinity, name):
    options = {"sinkhorn": {"num_iterations": 3}, "projection": {"num_cycles": 3}}[name]
    matcher = make_matcher(name, **options)
    expected = matcher(affinity)
    assert_close(torch.compile(matcher, fullgraph=True)(affinity), expected)
    assert_close(torch.export.export(matcher, (affinity,)).module()(affinity), expected)


class MatchedAffinities(Dataset):
    """Items that are computed by a matcher, in whichever process loads them."""

    def __init__(self, affinity, backend="auto"):
        self.affinity, self.matcher = affinity, PGDDykstra(**OPTIONS, backend=backend)

    def __len__(self):
        return len(self.affinity)

    def __getitem__(self, index):
        used = []
        forward = kernels.forward
        kernels.forward = lambda *args, **kwargs: used.append(True) or forward(*args, **kwargs)
        try:
            return self.matcher(self.affinity[index]), bool(used)
        finally:
            kernels.forward = forward


@pytest.mark.parametrize("start", [None, "fork", "spawn"])
@pytest.mark.timeout(120)
def test_data_loading_workers_leave_the_kernels_alone(affinity, in_torch, start):
    PGDDykstra(**OPTIONS)(affinity)  # the pool runs before the fork
    workers = {"num_workers": 1, "multiprocessing_context": start, "timeout": 60} if start else {}
    ((assignments, used_kernels),) = DataLoader(MatchedAffinities(affinity), batch_size=2, **workers)
    assert_close(assignments, in_torch)
    assert used_kernels.tolist() == [start is None] * 2


@pytest.mark.timeout(120)
def test_numba_is_refused_in_data_loading_workers(affinity):
    loader = DataLoader(MatchedAffinities(affinity, "numba"), num_workers=1, multiprocessing_context="fork", timeout=60)
    with pytest.raises(ValueError, match=BUSY):
        list(loader)


def _match_in_child(affinity, results):
    try:
        results.put(PGDDykstra(**OPTIONS)(affinity).tolist())
        PGDDykstra(**OPTIONS, backend="numba")(affinity)
    except ValueError as error:
        results.put(str(error))


@pytest.mark.timeout(120)
def test_a_forked_process_takes_torch(affinity, in_torch):
    torch.set_num_threads(2)
    PGDDykstra(**OPTIONS)(affinity)  # the pool runs before the fork
    torch.set_num_threads(1)
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    child = context.Process(target=_match_in_child, args=(affinity, results))
    child.start()
    try:
        assert_close(torch.tensor(results.get(timeout=60), dtype=torch.float64), in_torch)
        assert BUSY in results.get(timeout=60)
        child.join(60)
        assert child.exitcode == 0
    finally:
        child.kill()
    assert_close(PGDDykstra(**OPTIONS)(affinity), in_torch)  # and the parent's pool still runs


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_are_torch_s(affinity, calls, monkeypatch, threads):
    set_to = []
    monkeypatch.setattr(kernels, "_WORK_OF_A_THREAD", 1)
    monkeypatch.setattr(kernels, "set_num_threads", lambda count: set_to.append(count) or numba.set_num_threads(count))
    torch.set_num_threads(threads)
    PGDDykstra(**OPTIONS)(affinity.requires_grad_()).sum().backward()
    assert calls == [("forward", threads), ("backward", threads)]
    assert set_to == [min(threads, numba.config.NUMBA_NUM_THREADS)] * 2
    assert numba.get_num_threads() == set_to[-1]


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="a machine of one core")
def test_a_small_batch_wakes_no_second_thread(affinity, calls, monkeypatch):
    set_to = []
    monkeypatch.setattr(kernels, "set_num_threads", lambda count: set_to.append(count) or numba.set_num_threads(count))
    torch.set_num_threads(2)
    PGDDykstra(**OPTIONS)(affinity)
    PGDDykstra(num_steps=50, num_cycles=20)(torch.stack([random_affinity(20, 20, 0)] * 6))
    assert set_to == [1, 2]


def test_the_first_call_leaves_torch_s_thread_count_alone():
    code = (
        "import torch; from mghp.matching import PGDDykstra; torch.set_num_threads(1);"
        "PGDDykstra(backend='numba')(torch.rand(4, 3, 3, requires_grad=True)).sum().backward();"
        "print(torch.get_num_threads())"
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("NUMBA_NUM", "OMP_"))}
    shown = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "1"


def test_results_do_not_depend_on_threads():
    affinity = torch.stack([random_affinity(7, 5, seed) for seed in range(9)])

    def solve(threads):
        torch.set_num_threads(threads)
        leaf = affinity.clone().requires_grad_()
        assignment = PGDDykstra(10, 5, 0.5)(leaf)
        return assignment, *torch.autograd.grad(assignment.square().sum(), leaf)

    for one, two in zip(solve(1), solve(2), strict=True):
        assert torch.equal(one, two)


@pytest.mark.parametrize("backend", ["numba", "torch"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_single(affinity, backend, dtype):
    half = affinity.to(dtype).requires_grad_()
    single = affinity.to(dtype).float().requires_grad_()
    matcher = PGDDykstra(**OPTIONS, backend=backend)
    assignment, expected = matcher(half), matcher(single)
    assert assignment.dtype == dtype
    assert torch.equal(assignment, expected.to(dtype))
    expected.sum().backward()
    assignment.sum().backward()
    assert half.grad.dtype == dtype
    assert torch.equal(half.grad, single.grad.to(dtype))


@pytest.mark.parametrize("backend", ["numba", "torch"])
def test_single_precision_is_close_to_double(backend):
    affinity = torch.stack([random_affinity(6, 8, seed) for seed in range(20)])
    matcher = PGDDykstra(step_size=0.1, backend=backend)
    assignment = matcher(affinity.float())
    assert assignment.dtype == torch.float32
    torch.testing.assert_close(assignment.double(), matcher(affinity), rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["pgd_dykstra", "sinkhorn", "projection", "hungarian", "greedy", "identity"])
def test_autocast_changes_nothing(affinity, name):
    matcher = make_matcher(name)

    def value_and_gradient():
        leaf = affinity.float().requires_grad_()
        assignment = matcher(leaf)
        if not matcher.differentiable:
            return (assignment,)
        return assignment, *torch.autograd.grad(assignment.square().sum(), leaf)

    expected = value_and_gradient()
    with torch.autocast("cpu", torch.bfloat16):
        actual = value_and_gradient()
    for here, there in zip(actual, expected, strict=True):
        assert here.dtype == torch.float32
        assert torch.equal(here, there)


def saved_bytes(solve, affinity):
    """What the backward pass keeps: saved tensors, and all that nodes of the graph hold besides."""
    seen = {}

    def count(value):
        if isinstance(value, torch.Tensor):
            seen[value.untyped_storage().data_ptr()] = value.untyped_storage().nbytes()
        elif isinstance(value, (list, tuple)):
            seen[id(value)] = sys.getsizeof(value)
            for item in value:
                count(item)

    def pack(tensor):
        count(tensor)
        return tensor

    affinity = affinity.clone().requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        assignment = solve(affinity)
    nodes, visited = [assignment.grad_fn], set()
    while nodes:
        node = nodes.pop()
        if node is None or node in visited:
            continue
        visited.add(node)
        nodes += [following for following, _ in node.next_functions]
        for value in getattr(node, "__dict__", {}).values():
            count(value)
    return sum(seen.values())


@pytest.mark.parametrize("backend", ["numba", "torch"])
@pytest.mark.parametrize(("batch", "size"), [(64, 16), (152, 6)])
@pytest.mark.parametrize("masked", [False, True])
def test_replay_keeps_at_most_a_quarter(backend, batch, size, masked):
    affinity = torch.rand(batch, size, size)
    masks = (torch.ones(batch, size, dtype=torch.bool),) * 2 if masked else ()
    ours = saved_bytes(lambda A: PGDDykstra(backend=backend)(A, *masks), affinity)
    literal = saved_bytes(literal_algorithm, affinity)
    assert 50 * 5 * affinity.numel() / 8 <= ours <= literal / 4


HEAVY = ("torch", "lightning", "wandb", "cvxpy", "numba", "scipy", "omegaconf", "pandas", "matplotlib", "torchvision")


def loaded_after(program):
    """Which of the heavy packages are in sys.modules after the program."""
    result = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys; print(*[name for name in {HEAVY} if name in sys.modules])"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return set(result.stdout.split())


def test_imports_little_beyond_torch():
    assert loaded_after("import mghp.matching") == set()
    assert loaded_after("import mghp.matching.solvers") == set()
    assert loaded_after("import mghp.matching; from mghp.matching import *") == {"torch"}


def test_heavy_packages_come_with_the_call_that_needs_them():
    without = """
import torch
from mghp.matching import PGDDykstra, make_matcher
for name in ("identity", "greedy", "sinkhorn"):
    make_matcher(name)(torch.rand(2, 3))
make_matcher("linear_program"), make_matcher("pgd_dykstra"), make_matcher("hungarian")
make_matcher("pgd_dykstra", backend="torch")(torch.rand(2, 3))
"""
    assert loaded_after(without) == {"torch"}
    assert loaded_after(without + 'make_matcher("hungarian")(torch.rand(2, 3))') == {"torch", "scipy"}
    assert "numba" in loaded_after(without + 'make_matcher("pgd_dykstra")(torch.rand(2, 3))')
