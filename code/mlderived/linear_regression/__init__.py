"""Linear regression, chapter 5: one module for each page of the chapter.

All public names can be imported from here.
"""

from mlderived.linear_regression.ridge_regression import (
    ridge,
    ridge_bias,
    ridge_covariance,
    ridge_degrees_of_freedom,
    ridge_mse_matrix,
    ridge_path,
    ridge_threshold,
    shrinkage_factors,
)
from mlderived.linear_regression.robust_regression import (
    HuberFit,
    huber_location,
    huber_loss,
    huber_regression,
    least_absolute_deviations,
)
from mlderived.linear_regression.shared import LinearFit

__all__ = [
    "HuberFit",
    "LinearFit",
    "huber_location",
    "huber_loss",
    "huber_regression",
    "least_absolute_deviations",
    "ridge",
    "ridge_bias",
    "ridge_covariance",
    "ridge_degrees_of_freedom",
    "ridge_mse_matrix",
    "ridge_path",
    "ridge_threshold",
    "shrinkage_factors",
]
