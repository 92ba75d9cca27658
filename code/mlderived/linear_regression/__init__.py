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
from mlderived.linear_regression.shared import LinearFit
from mlderived.linear_regression.sparse_recovery import (
    irrepresentable_number,
    lasso_by_signs,
    lasso_rate_bounds,
    lasso_rate_penalty,
    recovery_limit,
)

__all__ = [
    "LinearFit",
    "irrepresentable_number",
    "lasso_by_signs",
    "lasso_rate_bounds",
    "lasso_rate_penalty",
    "recovery_limit",
    "ridge",
    "ridge_bias",
    "ridge_covariance",
    "ridge_degrees_of_freedom",
    "ridge_mse_matrix",
    "ridge_path",
    "ridge_threshold",
    "shrinkage_factors",
]
