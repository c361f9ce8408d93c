"""The shallow network and the data that the course's notebooks on losses use."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Whole: TypeAlias = NDArray[np.int64]
Parameters: TypeAlias = tuple[Floats, Floats, Floats, Floats]

X_TRAIN: Floats = np.array(
    [
        *(0.09291784, 0.46809093, 0.93089486, 0.67612654, 0.73441752, 0.86847339, 0.49873225, 0.51083168, 0.18343972),
        *(0.99380898, 0.27840809, 0.38028817, 0.12055708, 0.56715537, 0.92005746, 0.77072270, 0.85278176, 0.05315950),
        *(0.87168699, 0.58858043),
    ]
)
Y_BINARY: Whole = np.array([0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 1])
Y_MULTICLASS: Whole = np.array([2, 0, 1, 2, 1, 0, 0, 2, 2, 0, 2, 0, 2, 0, 1, 2, 1, 2, 1, 0])
Y_SHALLOW: Floats = np.array(
    [
        *(-0.15934537, 0.18195445, 0.45127015, 0.13921448, 0.09366691, 0.30567674, 0.37229117, 0.40716968, -0.08131792),
        *(0.41187806, 0.36943738, 0.3994327, 0.01906257, 0.3582041, 0.45256496, -0.0183121, 0.02957665, -0.24354444),
        *(0.14803884, 0.26824970),
    ]
)

_BETA_0: Floats = np.array([[0.3], [-1.0], [-0.5]])
_OMEGA_0: Floats = np.array([[-1.0], [1.8], [0.65]])


def binary_parameters() -> Parameters:
    """beta_0 (3, 1), omega_0 (3, 1), beta_1 (1, 1), omega_1 (1, 3)."""
    return _BETA_0.copy(), _OMEGA_0.copy(), np.array([[2.6]]), np.array([[-24.0, -8.0, 50.0]])


def multiclass_parameters() -> Parameters:
    """beta_0 (3, 1), omega_0 (3, 1), beta_1 (3, 1), omega_1 (3, 3)."""
    omega_1 = np.array([[-24.0, -8.0, 50.0], [-2.0, 8.0, -30.0], [16.0, -8.0, -8.0]])
    return _BETA_0.copy(), _OMEGA_0.copy(), np.array([[2.0], [-2.0], [0.0]]), omega_1


def shallow_network(x: Floats, parameters: Parameters) -> Floats:
    """Outputs (outputs, n) of a network with three ReLU units for inputs x (n,)."""
    beta_0, omega_0, beta_1, omega_1 = parameters
    hidden = np.maximum(beta_0 + omega_0 @ np.reshape(x, (1, -1)), 0.0)
    return np.asarray(beta_1 + omega_1 @ hidden)
