"""The Triton kernels, in Triton's interpreter and compiled for a GPU that is not here.

The interpreter has to be chosen before Triton is imported: every check runs in a Python of its own, and prints what it
found as JSON.
"""

import importlib.util
import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from mghp.matching import PGDDykstra, backends
from mghp.matching.backends import backend_of
from mghp.matching.solvers import PGDDykstraConfig

pytestmark = pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="Triton is not installed")

BEGIN = """
import json, sys
import torch
from mghp.matching import PGDDykstra, project_to_assignments
from mghp.matching.backends import why_not_triton
from mghp.matching.literal import literal_algorithm
from mghp.matching.pgd_dykstra import project_with_corrections
from mghp.studies.speed.exactness import exactness
from mghp.studies.speed.measure import saved_bytes
torch.manual_seed(0)

def solved(affinity, *masks, **options):
    affinity = affinity.detach().clone().requires_grad_()
    assignment = PGDDykstra(**options)(affinity, *masks)
    return assignment, torch.autograd.grad(assignment.square().sum(), affinity, retain_graph=True)[0]

def largest(*pairs):
    return max((here - there).abs().max().item() for here, there in pairs)

def refusal(call):
    try:
        call()
    except (RuntimeError, ValueError) as error:
        return str(error)

def apart(affinity, *masks, **options):
    ours, in_torch = (solved(affinity, *masks, **options, backend=backend) for backend in ("triton", "torch"))
    return largest(*zip(ours, in_torch))
"""


def found(program, interpreted="1"):
    """What a program prints last, in a Python that interprets the kernels."""
    process = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", BEGIN + program],
        env={**os.environ, "TRITON_INTERPRET": interpreted, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def test_50_random_problems_equal_the_literal_algorithm_in_every_option():
    rows = found("print(json.dumps(list(exactness('triton', torch.device('cpu'), 50, lambda done: None))))")
    assert rows[0]["problems"] == 50
    assert {row["options"] for row in rows} == {
        "all", "last iterate", "warm start", "uniform start", "projection as printed", "gradient of the last steps",
        "one projection",
    }  # fmt: skip
    assert all(row["value"] <= 1e-12 and row["gradient"] <= 1e-12 for row in rows), rows


@pytest.fixture(scope="module")
def interpreted():
    """What one interpreter found, by name; `apart` is a difference to torch."""
    return found("""
options = {"num_steps": 2, "num_cycles": 3, "step_size": 1.0}
A = torch.randn(2, 3, 5, dtype=torch.float64)
some = torch.tensor([[True, False, True], [True, True, False]])
half = torch.randn(2, 4, 4).bfloat16()
checks = {
    "1x1": apart(torch.rand(1, 1, dtype=torch.float64) + 1, **options),
    "1x19": apart(torch.randn(1, 19, dtype=torch.float64), **options),
    "33x2": apart(torch.randn(33, 2, dtype=torch.float64), **options),
    "leading": apart(torch.randn(2, 1, 3, 4, dtype=torch.float64), **options),
    "transposed": apart(A.mT, **options),
    "source mask": apart(A, some, **options),
    "destination mask": apart(A.mT, None, some, **options),
    "float32": apart(A.float(), **options),
    "bfloat16": apart(half, **options),
    "types": [str(solved(x, **options, backend="triton")[k].dtype) for x in (A.float(), half) for k in (0, 1)],
}

x, masks = 3 * torch.randn(2, 5, 4, dtype=torch.float64), (torch.rand(2, 5) > 0.3, torch.rand(2, 4) > 0.3)
x = torch.where(masks[0].unsqueeze(-1) & masks[1].unsqueeze(-2), x, 0)
ours, in_torch = (project_with_corrections(x, *masks, 12, backend=backend) for backend in ("triton", "torch"))
checks["corrections"] = [largest((ours[0], in_torch[0]), *zip(ours[1], in_torch[1])), in_torch[1].r.max().item()]

affinity = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
assignment = PGDDykstra(2, 2, 1.0, backend="triton")(affinity)
first, second = (torch.autograd.grad(assignment.sum(), affinity, retain_graph=True)[0] for _ in range(2))
checks["repeated"] = [torch.equal(first, second), bool(first.abs().max() > 0)]
(gradient,) = torch.autograd.grad((assignment ** 2).sum(), affinity, create_graph=True)
checks["twice"] = refusal(gradient.sum().backward)

A, matcher = torch.rand(2, 16, 16), PGDDykstra(24, 5, backend="triton")
checks["kept"] = [saved_bytes(solve, A) for solve in (matcher, lambda A: literal_algorithm(A, 24, 5))]
checks["kept without a gradient"] = saved_bytes(lambda A: matcher(A.detach()), A)

one = PGDDykstra(1, 1, backend="triton")
checks["129x65"] = refusal(lambda: one(torch.rand(129, 65)))
checks["as large as can be"] = [why_not_triton(torch.rand(1, *size)) for size in ((128, 128), (3, 2048))]
checks["under vmap"] = refusal(lambda: torch.func.vmap(one)(torch.rand(2, 3, 4)))
print(json.dumps(checks))
""")


@pytest.mark.parametrize(
    "shape", ["1x1", "1x19", "33x2", "leading", "transposed", "source mask", "destination mask"]
)  # fmt: skip
def test_any_shape_equals_torch(interpreted, shape):
    assert interpreted[shape] <= 1e-13


def test_single_precision_is_computed_as_such(interpreted):
    assert 0 < interpreted["float32"] <= 1e-5
    assert interpreted["bfloat16"] <= 0.01
    assert interpreted["types"] == ["torch.float32"] * 2 + ["torch.bfloat16"] * 2


def test_the_projection_s_corrections_equal_torch_s(interpreted):
    """What `Projection` takes its implicit gradient from."""
    difference, largest = interpreted["corrections"]
    assert difference <= 1e-14
    assert largest > 0


def test_backward_twice_is_the_same_and_twice_differentiated_is_refused(interpreted):
    assert interpreted["repeated"] == [True, True]
    assert "once_differentiable" in interpreted["twice"]


def test_the_tape_keeps_a_bit_an_entry_and_cycle(interpreted):
    bits = 2 * 24 * 5 * (256 + 16 + 16)
    kept, literal = interpreted["kept"]
    assert bits / 8 <= kept <= bits / 8 + 100  # the masks
    assert kept <= literal / 4
    assert interpreted["kept without a gradient"] == 0


def test_problems_that_are_too_large_are_refused_and_one_as_large_is_not(interpreted):
    assert interpreted["129x65"] == (
        "backend='triton' takes problems of at most 16384 entries, sides rounded up to powers of two; got 129x65. "
        "Use backend='auto'."
    )
    assert interpreted["as large as can be"] == ["", ""]


def test_recorded_operations_do_not_take_the_kernels(interpreted):
    assert "takes tensors outside torch.compile and export; got a Tensor on cpu" in interpreted["under vmap"]


def test_the_cpu_without_the_interpreter_is_refused_in_one_line():
    program = 'print(json.dumps(refusal(lambda: PGDDykstra(backend="triton")(torch.rand(2, 3)))))'
    assert found(program, interpreted="0") == (
        "backend='triton' takes tensors on a GPU, elsewhere only with TRITON_INTERPRET=1; got one on cpu. "
        "Use backend='auto'."
    )


def test_without_triton_it_is_refused_in_one_line(monkeypatch):
    monkeypatch.setattr(backends, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="backend='triton' needs the package triton, which is not installed"):
        PGDDykstra(backend="triton")(torch.rand(2, 3))


@pytest.mark.parametrize(
    ("device", "reason", "chosen"),
    [("cuda", "", "triton"), ("cuda", "is too large", "torch"), ("cpu", "", "numba"), ("mps", "", "torch")],
)
def test_auto_takes_triton_on_a_gpu_where_it_can(monkeypatch, device, reason, chosen):
    monkeypatch.setattr(backends, "why_not_triton", lambda affinity: reason)
    monkeypatch.setattr(backends, "_why_not_numba", lambda affinity: "")
    affinity = SimpleNamespace(device=SimpleNamespace(type=device))
    assert backend_of(affinity, PGDDykstraConfig()) == chosen


def test_triton_comes_with_the_call_that_needs_it():
    """Before that, it is torch.compile that imports it."""
    assert found("""
before = "triton" in sys.modules
for backend in ("auto", "numba", "torch"):
    PGDDykstra(2, 2, backend=backend)(torch.rand(2, 3))
project_to_assignments(torch.rand(2, 3))
between = "triton" in sys.modules
PGDDykstra(2, 2, backend="triton")(torch.rand(2, 3))
print(json.dumps([before, between, "triton" in sys.modules]))
""") == [False, False, True]


COMPILED = """
from itertools import product
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, compile
from mghp.matching import triton_loops

def compiled(kernel, kind, flags):
    constants = {**flags, "ROWS": 8, "COLUMNS": 16}
    types = {name: "*u8" for name in ("source_mask", "destination_mask", "tape_x", "tape_r", "tape_c")}
    types |= dict.fromkeys(triton_loops._COUNTS, "i32") | dict.fromkeys(constants, "constexpr")
    signature = {name: types.get(name, f"*{kind}") for name in kernel.arg_names}
    source = ASTSource(kernel, signature, constants)
    return compile(source, target=GPUTarget("cuda", 80, 32), options={"num_warps": 1}).asm["ptx"]

programs = []
for kind, warm, average in product(("fp32", "fp64"), (False, True), (False, True)):
    flags = {"AVERAGE": average, "WARM_START": warm}
    programs.append(compiled(triton_loops.differentiate, kind, flags))
    flags |= {"UNIFORM": average, "AS_PRINTED": warm != average, "RECORD": not (warm and average)}
    programs.append(compiled(triton_loops.solve, kind, flags))
print(json.dumps([[".entry" in program, ".f64" in program] for program in programs]))
"""


def test_the_kernels_compile_for_a_gpu_and_compute_in_the_type_of_their_tensors(tmp_path, monkeypatch):
    """The interpreter takes much that the compiler does not."""
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    assert found(COMPILED, interpreted="0") == [[True, False]] * 8 + [[True, True]] * 8
