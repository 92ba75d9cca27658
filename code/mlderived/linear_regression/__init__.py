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
from mlderived.linear_regression.sparse_regression import (
    LassoFit,
    LassoPath,
    coordinate_pass,
    elastic_net,
    lasso,
    lasso_dual_gap,
    lasso_fista,
    lasso_max_penalty,
    lasso_path,
    soft_threshold,
)

__all__ = [
    "LassoFit",
    "LassoPath",
    "LinearFit",
    "coordinate_pass",
    "elastic_net",
    "lasso",
    "lasso_dual_gap",
    "lasso_fista",
    "lasso_max_penalty",
    "lasso_path",
    "ridge",
    "ridge_bias",
    "ridge_covariance",
    "ridge_degrees_of_freedom",
    "ridge_mse_matrix",
    "ridge_path",
    "ridge_threshold",
    "shrinkage_factors",
    "soft_threshold",
]
