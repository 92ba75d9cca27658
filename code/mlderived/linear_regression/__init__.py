"""Linear regression, chapter 5: one module for each page of the chapter.

All public names can be imported from here.
"""

from mlderived.linear_regression.bayesian_regression import (
    EvidenceFit,
    ExactFitError,
    Posterior,
    RecursiveFit,
    bayesian_regression,
    log_evidence,
    maximise_evidence,
    recursive_least_squares,
    rls_step,
)
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
from mlderived.linear_regression.iteration import (
    DescentPath,
    best_step,
    contraction_factor,
    early_stopping_factors,
    gradient_descent,
    step_limit,
)
from mlderived.linear_regression.misspecification import (
    generalised_least_squares,
    sandwich_covariance,
    weighted_least_squares,
)
from mlderived.linear_regression.ordinary_least_squares import (
    least_squares,
    least_squares_coefficients,
    partial_out,
    projection,
)
from mlderived.linear_regression.reduced_rank import (
    ReducedRankFit,
    reduced_rank_regression,
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
from mlderived.linear_regression.robust_regression import (
    HuberFit,
    huber_location,
    huber_loss,
    huber_regression,
    least_absolute_deviations,
)
from mlderived.linear_regression.shared import (
    LinearFit,
)
from mlderived.linear_regression.sparse_recovery import (
    irrepresentable_number,
    lasso_by_signs,
    lasso_rate_bounds,
    lasso_rate_penalty,
    recovery_limit,
)
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
    "DescentPath",
    "EvidenceFit",
    "ExactFitError",
    "FTest",
    "HuberFit",
    "LassoFit",
    "LassoPath",
    "LinearFit",
    "OlsInference",
    "Posterior",
    "RecursiveFit",
    "ReducedRankFit",
    "adjusted_r_squared",
    "bayesian_regression",
    "best_step",
    "contraction_factor",
    "cooks_distances",
    "coordinate_pass",
    "early_stopping_factors",
    "elastic_net",
    "f_test",
    "generalised_least_squares",
    "gradient_descent",
    "huber_location",
    "huber_loss",
    "huber_regression",
    "irrepresentable_number",
    "lasso",
    "lasso_by_signs",
    "lasso_dual_gap",
    "lasso_fista",
    "lasso_max_penalty",
    "lasso_path",
    "lasso_rate_bounds",
    "lasso_rate_penalty",
    "least_absolute_deviations",
    "least_squares",
    "least_squares_coefficients",
    "leave_one_out_residuals",
    "leverages",
    "log_evidence",
    "maximise_evidence",
    "ols_inference",
    "partial_out",
    "prediction_intervals",
    "projection",
    "r_squared",
    "recovery_limit",
    "recursive_least_squares",
    "reduced_rank_regression",
    "ridge",
    "ridge_bias",
    "ridge_covariance",
    "ridge_degrees_of_freedom",
    "ridge_mse_matrix",
    "ridge_path",
    "ridge_threshold",
    "rls_step",
    "sandwich_covariance",
    "shrinkage_factors",
    "soft_threshold",
    "step_limit",
    "variance_inflation_factors",
    "weighted_least_squares",
]
