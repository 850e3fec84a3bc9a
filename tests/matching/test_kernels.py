"""What the compiled loops are called with: a type that they were compiled for already."""

import numpy as np
import pytest

from mghp.matching import kernels

STEPS = {"num_cycles": 2, "step_size": 0.1, "average": True, "warm_start": False}

CALLS = {
    "solve_batch": lambda x, rows, columns: kernels.forward(
        x, rows, columns, num_steps=2, uniform=False, as_printed=False, record=True, num_threads=1, **STEPS
    ),
    "differentiate_batch": lambda x, rows, columns: kernels.backward(
        x, rows, columns, np.zeros(9, np.uint8), np.ones((2, 2), np.int32), first_step=0, num_threads=1, **STEPS
    ),
    "project_batch": lambda x, rows, columns: kernels.project(
        x, rows, columns, (rows.astype(float), columns.astype(float)), tolerance=1e-9, num_threads=1
    ),
    "project_on_face_batch": lambda x, rows, columns: kernels.project_on_face(
        x, x > 0, rows.astype(float), columns.astype(float), num_threads=1
    ),
    "balance_batch": lambda x, rows, columns: kernels.balance(
        x, (rows.astype(float), columns.astype(float)), 1.0, True, num_rounds=2, tolerance=0.0, num_threads=1
    ),
}

LAYOUTS = {
    "as they are": lambda array: array,
    "columns first": np.asfortranarray,
    "each second": lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
    "one repeated": lambda array: np.broadcast_to(array[:1], array.shape).copy(order="F"),
}


def types(arguments):
    return [(array.dtype, array.flags.c_contiguous, array.flags.writeable) for array in arguments if np.ndim(array)]


@pytest.mark.parametrize("name", CALLS)
def test_arrays_of_any_strides_are_of_one_type_to_the_compiler(name, monkeypatch):
    given = []
    monkeypatch.setattr(kernels, name, lambda *arguments: given.append(types(arguments)))
    arrays = np.random.default_rng(0).random((2, 3, 4)), np.ones((2, 3), bool), np.ones((2, 4), bool)
    for layout in LAYOUTS.values():
        CALLS[name](*map(layout, arrays))
    assert all(contiguous and writeable for _, contiguous, writeable in given[0])
    assert given == [given[0]] * len(LAYOUTS)


def test_every_loop_is_called():
    compiled = {name for name, value in vars(kernels).items() if name.endswith("_batch") and callable(value)}
    assert compiled == set(CALLS)
