"""One small task, solved by five people on their own, and ways to disguise a copy."""

from __future__ import annotations

import re

from tests.unit.web.world import notebook

STARTER = (
    "import numpy as np\nimport matplotlib.pyplot as plt",
    "def softmax(scores):\n    # TODO: write this\n    return scores",
    "def train(x, y, steps=100, rate=0.1):\n    # TODO: write this\n    return None",
)

ANN = (
    "import numpy as np\nimport matplotlib.pyplot as plt",
    """def softmax(scores):
    shifted = scores - scores.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    return powers / powers.sum(axis=1, keepdims=True)""",
    """def train(x, y, steps=100, rate=0.1):
    weights = np.zeros((x.shape[1], y.max() + 1))
    losses = []
    targets = np.eye(y.max() + 1)[y]
    for step in range(steps):
        guess = softmax(x @ weights)
        error = guess - targets
        weights = weights - rate * x.T @ error / len(x)
        losses.append(-np.mean(np.log(guess[np.arange(len(y)), y] + 1e-12)))
        if step > 3 and abs(losses[-1] - losses[-2]) < 1e-9:
            break
    return weights, losses""",
    """def accuracy(x, y, weights):
    right = 0
    for row, label in zip(softmax(x @ weights), y):
        if row.argmax() == label:
            right += 1
    return right / len(y)""",
)

BOB = (
    """def softmax(scores):
    e = np.exp(scores - np.max(scores, axis=-1)[:, None])
    total = np.sum(e, axis=-1)
    return e / total[:, None]""",
    """def train(x, y, steps=100, rate=0.1):
    n, d = x.shape
    k = len(set(y.tolist()))
    W = 0.01 * np.random.randn(d, k)
    history = np.empty(steps)
    i = 0
    while i < steps:
        p = softmax(np.dot(x, W))
        history[i] = -np.log(np.take_along_axis(p, y.reshape(-1, 1), 1)).mean()
        p[range(n), y] -= 1
        W -= rate * np.dot(x.transpose(), p) / n
        i += 1
    return W, history""",
    """def accuracy(x, y, W):
    return float(np.mean(np.argmax(np.dot(x, W), axis=1) == y))""",
)

CYD = (
    """class Model:
    def __init__(self, inputs, classes):
        self.w = np.zeros((classes, inputs))
        self.b = np.zeros(classes)

    def forward(self, batch):
        z = batch @ self.w.T + self.b
        z -= z.max(1)[:, np.newaxis]
        return np.exp(z) / np.exp(z).sum(1)[:, np.newaxis]

    def backward(self, batch, labels, out):
        grad = out.copy()
        for j, label in enumerate(labels):
            grad[j, label] -= 1.0
        return grad.T @ batch, grad.sum(0)""",
    """def softmax(scores):
    return np.array([np.exp(s - max(s)) / sum(np.exp(s - max(s))) for s in scores])""",
    """def train(x, y, steps=100, rate=0.1):
    model = Model(x.shape[1], int(y.max()) + 1)
    curve = []
    for _ in range(steps):
        out = model.forward(x)
        curve += [sum(-np.log(out[i][c]) for i, c in enumerate(y)) / len(y)]
        dw, db = model.backward(x, y, out)
        model.w, model.b = model.w - rate / len(x) * dw, model.b - rate / len(x) * db
    return model.w, curve""",
)

DEE = (
    """import scipy.special
softmax = lambda scores: scipy.special.softmax(scores, axis=1)""",
    """def loss_and_gradient(flat, x, onehot):
    w = flat.reshape(x.shape[1], -1)
    p = softmax(x.dot(w))
    loss = -(onehot * np.log(p)).sum() / x.shape[0]
    return loss, (x.T.dot(p - onehot) / x.shape[0]).ravel()

def train(x, y, steps=100, rate=0.1):
    onehot = np.zeros((y.size, y.max() + 1)); onehot[np.arange(y.size), y] = 1
    flat, out = np.zeros(x.shape[1] * onehot.shape[1]), []
    for _ in range(steps):
        loss, g = loss_and_gradient(flat, x, onehot)
        flat -= rate * g
        out.append(loss)
    return flat.reshape(x.shape[1], -1), out""",
)

EVE = (
    """def softmax(scores):
    result = np.zeros_like(scores)
    for i in range(scores.shape[0]):
        biggest = scores[i][0]
        for value in scores[i]:
            biggest = value if value > biggest else biggest
        bottom = 0.0
        for j in range(scores.shape[1]):
            result[i][j] = np.e ** (scores[i][j] - biggest)
            bottom += result[i][j]
        result[i] /= bottom
    return result""",
    """def train(x, y, steps=100, rate=0.1):
    w = [[0.0] * (max(y) + 1) for _ in x[0]]
    w = np.asarray(w)
    all_losses = list()
    for epoch in range(steps):
        gradient = np.zeros(w.shape)
        total_loss = 0
        probabilities = softmax(np.matmul(x, w))
        for example, label, p in zip(x, y, probabilities):
            total_loss += -np.log(p[label])
            delta = p.copy()
            delta[label] = delta[label] - 1
            gradient += np.outer(example, delta)
        w = w - (rate / len(x)) * gradient
        all_losses.append(total_loss / len(x))
    return w, all_losses""",
)

ALONE = {"ann": ANN, "bob": BOB, "cyd": CYD, "dee": DEE, "eve": EVE}
RENAMED = {
    "shifted": "moved", "powers": "tops", "weights": "theta", "losses": "curve", "targets": "wanted", "guess": "out",
    "error": "diff", "step": "epoch", "steps": "rounds", "rate": "lr", "right": "hits", "row": "line", "label": "klass",
    "scores": "logits", "accuracy": "hit_rate", "softmax": "soft_max", "train": "fit", "x": "inputs", "y": "labels",
}  # fmt: skip


def renamed(cells: tuple[str, ...]) -> tuple[str, ...]:
    def change(text: str) -> str:
        return re.sub(r"\b[a-z_]+\b", lambda found: RENAMED.get(found[0], found[0]), text)

    return tuple(change(cell) for cell in cells)


def reordered(cells: tuple[str, ...]) -> tuple[str, ...]:
    return cells[::-1]


def commented(cells: tuple[str, ...]) -> tuple[str, ...]:
    def change(cell: str) -> str:
        lines = [f"{line}  # here line {i} does its part" for i, line in enumerate(cell.splitlines())]
        return "# all my own work\n\n" + "\n\n".join(lines)

    return tuple(change(cell) for cell in cells)


def documented(cells: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(re.sub(r"(def .*:\n)", r'\1    """My own words for it."""\n', cell) for cell in cells)


def in_one_cell(cells: tuple[str, ...]) -> tuple[str, ...]:
    return ("\n\n".join(cells),)


def padded(cells: tuple[str, ...]) -> tuple[str, ...]:
    filler = "values = [k ** 2 for k in range(30)]\nprint(sum(values))"
    return (filler, *cells, "plt.plot(values)\nplt.title('squares')\nplt.show()")


def spread_out(cells: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(cell.replace(", ", ",\n        ").replace("    ", "        ") for cell in cells)


def everything(cells: tuple[str, ...]) -> tuple[str, ...]:
    return padded(reordered(commented(documented(renamed(cells)))))


DISGUISES = (renamed, reordered, commented, documented, in_one_cell, padded, spread_out, everything)


def data(cells: tuple[str, ...]) -> bytes:
    return notebook(*cells)
