"""The data sets are what their cards say."""

from mlderived import data


def test_auto_mpg_has_the_documented_shape_and_ranges():
    X, y, features = data.auto_mpg()
    assert X.shape == (392, 5)
    assert y.shape == (392,)
    assert features == ("cylinders", "displacement", "horsepower", "weight", "acceleration")
    assert set(X[:, 0]) == {3, 4, 5, 6, 8}
    assert X[:, 3].min() > 1500
    assert X[:, 3].max() < 5200
    assert 2 < y.min() < y.max() < 12
