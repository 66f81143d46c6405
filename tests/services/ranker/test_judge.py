import numpy as np

from services.ranker.judge import quarters


def test_a_quarter_is_the_mean_of_its_four_places_in_each_map() -> None:
    maps = np.random.default_rng(1).normal(size=(3, 4, 4, 5)).astype(np.float32)
    found = quarters(maps)
    assert found.shape == (3, 20)
    for number, (rows, columns) in enumerate([((0, 2), (0, 2)), ((0, 2), (2, 4)), ((2, 4), (0, 2)), ((2, 4), (2, 4))]):
        expected = maps[:, slice(*rows), slice(*columns)].mean(axis=(1, 2))
        assert np.allclose(found[:, number * 5 : number * 5 + 5], expected, atol=1e-6)
