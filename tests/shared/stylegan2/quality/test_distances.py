import numpy as np
import pytest

from shared.stylegan2.quality.distances import frechet_distance, kernel_distance


def normal(count: int, width: int, seed: int, mean: float = 0.0, deviation: float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, deviation, (count, width))


def exact(count: int, mean: np.ndarray, root: np.ndarray) -> np.ndarray:
    """Rows with just this mean and the covariance root.T @ root."""
    rows = normal(count, len(mean), seed=9)
    rows -= rows.mean(axis=0)
    whitened = rows @ np.linalg.inv(np.linalg.cholesky(np.cov(rows, rowvar=False))).T
    return whitened @ root + mean


def test_the_frechet_distance_of_normal_distributions_is_that_of_the_formula() -> None:
    mean, deviations, others = np.array([1.0, -2, 0.5]), np.array([1.0, 2, 3]), np.array([2.0, 0.5, 3])
    reals, fakes = exact(50, np.zeros(3), np.diag(deviations)), exact(60, mean, np.diag(others))
    assert frechet_distance(reals, fakes) == pytest.approx(mean @ mean + np.square(deviations - others).sum())


def test_covariances_need_not_commute() -> None:
    one, other = np.array([[2.0, 1], [0, 1]]), np.array([[1.0, 0], [3, 0.5]])
    a, b = one.T @ one, other.T @ other
    of_root = np.sqrt(np.trace(a @ b) + 2 * np.sqrt(np.linalg.det(a @ b)))  # the trace of a 2 x 2 square root
    expected = np.trace(a) + np.trace(b) - 2 * of_root
    found = frechet_distance(exact(40, np.zeros(2), one), exact(40, np.zeros(2), other))
    assert found == pytest.approx(expected)


def test_fewer_rows_than_features_are_enough() -> None:
    reals, fakes = normal(6, 20, seed=1), normal(9, 20, seed=2)
    # In other words: a turned space is the same space, and what no row reaches changes nothing.
    turned, _ = np.linalg.qr(normal(30, 30, seed=3))
    wider = [np.pad(rows, ((0, 0), (0, 10))) @ turned for rows in (reals, fakes)]
    assert frechet_distance(reals, fakes) == pytest.approx(frechet_distance(*wider))
    assert frechet_distance(reals, reals) == pytest.approx(0, abs=1e-9)


def test_the_frechet_distance_is_symmetric_and_grows_with_the_difference() -> None:
    reals = normal(300, 5, seed=1)
    near, far = normal(300, 5, seed=2, mean=0.5), normal(300, 5, seed=3, mean=2)
    assert frechet_distance(reals, near) == pytest.approx(frechet_distance(near, reals))
    assert frechet_distance(reals, near) < frechet_distance(reals, far) / 4


def test_the_kernel_distance_is_the_unbiased_estimate_over_all_pairs() -> None:
    x, y = normal(7, 4, seed=1), normal(5, 4, seed=2, mean=1)
    kernel = lambda a, b: (a @ b / 4 + 1) ** 3  # noqa: E731
    within = [np.mean([kernel(a, b) for i, a in enumerate(s) for j, b in enumerate(s) if i != j]) for s in (x, y)]
    across = np.mean([kernel(a, b) for a in x for b in y])
    found = kernel_distance(x, y)
    assert found.mean == pytest.approx(sum(within) - 2 * across)
    assert found.deviation is None


def test_the_kernel_distance_of_normal_distributions_is_that_of_their_moments() -> None:
    # (xy + 1)^3 = 1 + 3 xy + 3 x^2 y^2 + x^3 y^3, so the squared discrepancy of N(0, 1) and N(1, 1), whose moments
    # are 0 1 0 and 1 2 4, is 3 (0 - 1)^2 + 3 (1 - 2)^2 + (0 - 4)^2.
    found = kernel_distance(normal(20_000, 1, seed=1), normal(20_000, 1, seed=2, mean=1))
    assert found.deviation is not None
    assert found.mean == pytest.approx(22, rel=0.05)


def test_sets_of_one_distribution_have_no_kernel_distance_on_average() -> None:
    found = [kernel_distance(normal(40, 8, seed=s), normal(40, 8, seed=1000 + s)).mean for s in range(200)]
    assert min(found) < 0 < max(found)
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(len(found))


def test_larger_sets_are_sampled_the_same_way_each_time() -> None:
    reals, fakes = normal(1500, 4, seed=1), normal(300, 4, seed=2, mean=0.3)
    found = kernel_distance(reals, fakes, seed=5)
    assert found == kernel_distance(reals, fakes, seed=5)
    assert found.deviation is not None
    assert 0 < found.deviation < found.mean
    assert found != kernel_distance(reals, fakes, seed=6)


def test_no_row_is_in_a_subset_twice() -> None:
    # A row taken twice is as near to its copy as to itself: the estimate would be half too large.
    reals, fakes = normal(1001, 4, seed=1), normal(1001, 4, seed=2, mean=0.1)
    of_nearly_all = kernel_distance(reals[:1000], fakes[:1000]).mean
    assert kernel_distance(reals, fakes).mean == pytest.approx(of_nearly_all, rel=0.05)


def test_features_of_single_precision_are_enough() -> None:
    reals, fakes = normal(50, 64, seed=1), normal(50, 64, seed=2, mean=0.2)
    single = reals.astype(np.float32), fakes.astype(np.float32)
    assert kernel_distance(*single).mean == pytest.approx(kernel_distance(reals, fakes).mean, rel=1e-5)
    assert frechet_distance(*single) == pytest.approx(frechet_distance(reals, fakes), rel=1e-5)
