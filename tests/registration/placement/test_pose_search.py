from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.ndimage import gaussian_filter
from scipy.optimize import approx_fprime

from pet_spect.model import Volume
from pet_spect.registration.placement.pose_search import _exponential, _left_jacobian, _Problem

UNKNOWNS = st.lists(st.floats(-0.8, 0.8), min_size=12, max_size=12)


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(5)
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = -30
    data = gaussian_filter(rng.normal(size=(31, 31, 31)), 4).astype(np.float32)
    brain = np.zeros(data.shape, dtype=bool)
    brain[4:-4, 4:-4, 4:-4] = True
    head = Volume(gaussian_filter(rng.normal(size=(36, 36, 36)), 4).astype(np.float32), affine)
    return _Problem(head, SimpleNamespace(uptake=Volume(data, affine), brain=brain), np.eye(4))


@given(UNKNOWNS)
def test_the_derivative_of_the_affine_is_that_of_the_affine(problem, unknowns):
    unknowns = np.array(unknowns)
    numeric = approx_fprime(unknowns, lambda at: problem.affine(at)[0].ravel(), 1e-6)
    found = problem.affine(unknowns)[1].reshape(12, 16).T
    assert found == pytest.approx(numeric, abs=1e-3, rel=1e-4)


@given(UNKNOWNS)
def test_the_derivative_of_the_cost_is_that_of_the_cost(problem, unknowns):
    # odd places: at a voxel's centre the slope jumps
    unknowns = np.array(unknowns) + np.linspace(0.0123, 0.0345, 12)
    _, gradient = problem.cost(unknowns)
    step = 1e-6 * gradient / max(float(np.linalg.norm(gradient)), 1e-12)
    ahead, behind = problem.cost(unknowns + step)[0], problem.cost(unknowns - step)[0]
    assert ahead - behind == pytest.approx(2 * float(step @ gradient), rel=0.02, abs=1e-9)


def test_a_wild_step_and_an_image_out_of_view_cost_more_than_any_head(problem):
    far, gradient = problem.cost(np.full(12, 30.0))
    out = problem.cost(np.array([0, 0, 0, 15.0, 0, 0, 0, 0, 0, 0, 0, 0]))[0]
    assert far == 2000.0
    assert not gradient.any()
    assert 1500 < out <= 2000


@given(st.lists(st.floats(-1, 1), min_size=6, max_size=6))
def test_the_exponential_is_that_of_the_library(six):
    matrix = np.diag(six[:3])
    matrix[np.triu_indices(3, 1)] = six[3:]
    matrix = matrix + np.triu(matrix, 1).T
    assert _exponential(np.array(six[:3]), np.array(six[3:]))[0] == pytest.approx(expm(matrix), abs=1e-10)


def test_the_derivative_of_the_exponential_has_no_jump_where_eigenvalues_meet():
    near, at = _exponential(np.full(3, 0.1), np.full(3, 1e-7))[1], _exponential(np.full(3, 0.1), np.zeros(3))[1]
    assert near == pytest.approx(at, abs=1e-6)


def test_no_turn_turns_by_its_own_change():
    assert _left_jacobian(np.zeros(3)) == pytest.approx(np.eye(3))
