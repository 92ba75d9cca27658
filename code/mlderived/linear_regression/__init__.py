"""Linear regression, chapter 5: one module for each page of the chapter.

All public names can be imported from here.
"""

from mlderived.linear_regression.diagnostics import (
    adjusted_r_squared,
    cooks_distances,
    leave_one_out_residuals,
    leverages,
    r_squared,
    variance_inflation_factors,
)
from mlderived.linear_regression.inference import (
    FTest,
    OlsInference,
    f_test,
    ols_inference,
    prediction_intervals,
)
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
from mlderived.linear_regression.shared import LinearFit

__all__ = [
    "FTest",
    "LinearFit",
    "OlsInference",
    "adjusted_r_squared",
    "cooks_distances",
    "f_test",
    "leave_one_out_residuals",
    "leverages",
    "ols_inference",
    "prediction_intervals",
    "r_squared",
    "ridge",
    "ridge_bias",
    "ridge_covariance",
    "ridge_degrees_of_freedom",
    "ridge_mse_matrix",
    "ridge_path",
    "ridge_threshold",
    "shrinkage_factors",
    "variance_inflation_factors",
]
