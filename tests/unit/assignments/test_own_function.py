"""A wrong derivative that fits the student's own function is told so, and one that fits nothing is not."""

from __future__ import annotations

import pytest

from assignments.outcome import Outcome
from assignments.vocabulary.own_function import KEY
from tests.support.direct_ask import DirectAsk
from tests.support.package_checks import package

SQUARED_LOSS = """
def lossF(z, y):
    return 0.65 * np.sum((z - y) ** 2)

def lossG(z, y):
    return 1.3 * (z - y)
"""
TANH_NETWORK = """
def lossF(z, y):
    return np.sum(np.log(np.sum(np.exp(z), axis=0))) - np.sum(z * y)

def lossG(z, y):
    return np.exp(z) / np.exp(z).sum(axis=0) - y

def ForwardNN(A, b, Z, R):
    X = [Z]
    for r in range(R):
        X.append(np.tanh(A[r] @ X[r] + b[r]))
    return X

def BackwardNN(A, b, X, R):
    gA, gb, g = [None] * R, [None] * R, lossG(X[R], Y)
    for r in range(R - 1, -1, -1):
        M = (1 - np.tanh(A[r] @ X[r] + b[r]) ** 2) * g
        g = A[r].T @ M
        gA[r], gb[r] = M @ X[r].T, M.sum(axis=1, keepdims=True)
    return [gA, gb]
"""
HALVED_NETWORK = """
class Mlp:
    def __init__(self, sizes, activation="sigmoid", bias=True):
        self.bias = bias
        self.weights = [np.zeros((b, a + bias)) for a, b in zip(sizes[:-1], sizes[1:])]

    def ones(self, a):
        return np.column_stack([np.ones(len(a)), a]) if self.bias else a

    def forward(self, X):
        A, Z = [self.ones(X)], []
        for w in self.weights:
            Z.append(A[-1] @ w.T / 2)
            A.append(self.ones(np.tanh(Z[-1])))
        return A, Z

    def predict(self, X):
        return 1 / (1 + np.exp(-self.forward(X)[1][-1]))

    def backpropagation(self, X, Y):
        A, Z = self.forward(X)
        delta, found = self.predict(X) - Y, [None] * len(Z)
        for layer in range(len(Z) - 1, -1, -1):
            found[layer] = delta.T @ A[layer] / len(X) / 2
            delta = delta @ self.weights[layer][:, self.bias:] / 2 * (1 - np.tanh(Z[layer - 1]) ** 2 if layer else 1)
        return found
"""
LAYERS = """
class Softmax:
    def __call__(self, x):
        e = np.exp(2 * x)
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y

    def grad(self, x=None):
        y = self.y if x is None else self(x)
        return 2 * (np.einsum("bi,io->ibo", y, np.eye(y.shape[1])) - np.einsum("bi,bo->ibo", y, y))

class CrossEntropy:
    def __call__(self, y, T):
        self.y, self.T = y, T
        return -T * np.log10(y)

    def grad(self, y=None, T=None):
        y, T = (self.y, self.T) if y is None else (y, T)
        return np.einsum("bi,io->ibo", -T / y / np.log(10), np.eye(y.shape[1]))

class Linear:
    def __init__(self, shape):
        pass

    def __call__(self, x):
        self.x = x
        return x @ self.weights**2 + self.biases

    def grad(self, x=None):
        x = self.x if x is None else x
        return np.repeat((self.weights**2)[:, None, :], len(x), axis=1)

class Feedforward:
    def __init__(self, layers):
        self.layers = layers

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x) + 3 * x.sum(axis=1, keepdims=True)
        return x

    def grad(self, x):
        total = None
        for layer in self.layers:
            here = layer.grad(x) + 3
            x = layer(x) + 3 * x.sum(axis=1, keepdims=True)
            total = here if total is None else np.einsum("ibj,jbo->ibo", total, here)
        return total
"""
FUNCTION = """
def func(x):
    t = x**2 + np.exp(x**2)
    return np.sqrt(t) + np.cos(t) + x**3

def grad_func(x):
    t = x**2 + np.exp(x**2)
    return (1 / (2 * np.sqrt(t)) - np.sin(t)) * (2 * x + 2 * x * np.exp(x**2)) + 3 * x**2

sequential_func = grad_func
"""
FOURTH_POWER = """
def loss_i(w, x, y):
    return float(np.sum((np.dot(w, x) - y) ** 4))

def grad_loss_i(w, x, y):
    return 4 * (np.dot(w, x) - y) ** 3 * x
"""
CASES = [
    ("numpy-networks", "lossG", SQUARED_LOSS, ("1.3 * (z", "1.4 * (z")),
    ("numpy-networks", "BackwardNN", TANH_NETWORK, ("1 - np.tanh", "1.01 - np.tanh")),
    ("mlp-from-scratch", "backpropagation", HALVED_NETWORK, ("len(X) / 2", "len(X) / 3")),
    ("mlp-from-scratch", "bias_option", HALVED_NETWORK, ("len(X) / 2", "len(X) / 3")),
    ("mlp-from-scratch", "activation_option", HALVED_NETWORK, ("len(X) / 2", "len(X) / 3")),
    ("layers-from-scratch", "Softmax", LAYERS, ("return 2 * (np", "return 2.1 * (np")),
    ("layers-from-scratch", "CrossEntropy", LAYERS, ("-T / y / np", "-T / y**2 / np")),
    ("layers-from-scratch", "Linear", LAYERS, ("np.repeat((self.weights**2)", "np.repeat((self.weights**2 + 0.01)")),
    ("layers-from-scratch", "Feedforward", LAYERS, ("grad(x) + 3", "grad(x) + 2.9")),
    ("autodiff", "grad_func", FUNCTION, ("+ 3 * x**2", "+ 2 * x**2")),
    ("autodiff", "sequential_func", FUNCTION, ("+ 3 * x**2", "+ 2 * x**2")),
    ("linear-unit", "grad_loss_i", FOURTH_POWER, ("4 * (np.dot", "4.1 * (np.dot")),
]
each = pytest.mark.parametrize(
    ("slug", "key", "source", "change"), CASES, ids=[f"{case[0]}-{case[1]}" for case in CASES]
)


def concluded(slug: str, key: str, source: str) -> Outcome:
    ask = DirectAsk([f"import numpy as np\n{source}"])
    assert not ask.errors
    return next(check for check in package(slug).checks if check.spec.key == key).run(ask)


@each
def test_the_derivative_of_the_students_own_function_is_told(
    slug: str, key: str, source: str, change: tuple[str, str]
) -> None:
    outcome = concluded(slug, key, source)
    assert outcome.fraction == 0
    assert "This is the derivative of your own `" in outcome.message


@each
def test_one_that_does_not_fit_it_is_not(slug: str, key: str, source: str, change: tuple[str, str]) -> None:
    assert change[0] in source
    outcome = concluded(slug, key, source.replace(*change))
    assert outcome.fraction == 0
    assert outcome.diagnosis != KEY
    assert "of your own" not in outcome.message


RIGHT_LOSS = """
def lossF(z, y):
    m = z.max(axis=0)
    return np.sum(m + np.log(np.sum(np.exp(z - m), axis=0))) - np.sum(z * y)

def lossG(z, y):
    gradient = np.zeros(z.shape)
    for place in np.ndindex(*z.shape):
        step = np.zeros(z.shape)
        step[place] = 1e-5
        gradient[place] = (lossF(z + step, y) - lossF(z, y)) / 1e-5
    return gradient
"""


def test_a_coarse_difference_quotient_of_a_right_function_earns_its_points_and_is_not_blamed_on_that() -> None:
    outcome = concluded("numpy-networks", "lossG", RIGHT_LOSS)
    assert (outcome.fraction, outcome.diagnosis) == (0.5, "finite-differences")
    assert "of your own" not in outcome.message


def test_infinity_is_nobodys_derivative() -> None:
    head, _, _ = FUNCTION.partition("def grad_func")
    outcome = concluded("autodiff", "grad_func", f"{head}def grad_func(x):\n    return np.inf")
    assert (outcome.fraction, outcome.diagnosis) == (0.0, "infinite")
