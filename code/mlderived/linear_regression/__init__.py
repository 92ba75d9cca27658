"""Linear regression, chapter 5: one module for each page of the chapter.

All public names can be imported from here.
"""

from mlderived.linear_regression.bayesian_regression import (
    EvidenceFit,
    Posterior,
    RecursiveFit,
    bayesian_regression,
    log_evidence,
    maximise_evidence,
    recursive_least_squares,
    rls_step,
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
    "EvidenceFit",
    "LinearFit",
    "Posterior",
    "RecursiveFit",
    "bayesian_regression",
    "log_evidence",
    "maximise_evidence",
    "recursive_least_squares",
    "ridge",
    "ridge_bias",
    "ridge_covariance",
    "ridge_degrees_of_freedom",
    "ridge_mse_matrix",
    "ridge_path",
    "ridge_threshold",
    "rls_step",
    "shrinkage_factors",
]
