"""Deep networks 2: matrices that make the right network.

The notebook uses the same names for three networks one after the other. Which one they hold is told by their sizes,
so that it does not matter how many cells a student fills them in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from assignments.asking import Got, Missing, Reply
from assignments.outcome import Conclusion
from assignments.vocabulary import Ask, Outcome, Share, check, combine, explain
from assignments.vocabulary.variables import KnownValue, VariableTask, judge_reply
from reference.comparators.arrays import Tolerance
from reference.comparators.numbers import Floats, Numbers, to_numbers
from reference.comparators.symmetries import nearest_order
from reference.implementations import deep_networks
from reference.implementations.deep_networks import NET_1, NET_2, Matrices

ONE_POINTS = {"beta_0": 7.0, "Omega_0": 7.0, "beta_1": 4.0, "Omega_1": 7.0}
TWO_POINTS = {"beta_0": 5.0, "Omega_0": 5.0, "beta_1": 10.0, "Omega_1": 15.0, "beta_2": 5.0, "Omega_2": 5.0}
SIZES = (4, 5, 2, 4, 1)
UNCHANGED = "beta_3"  # has the right shape in the starter
INPUTS = 20_000  # some numbers matter for one in a hundred of them only
EXACT = Tolerance(relative=1e-6, absolute=1e-9)


@check("one_network")
def one_network(ask: Ask) -> Outcome:
    one, other = deep_networks.one_network(NET_1), deep_networks.one_network(NET_2)
    wrong = {name: [KnownValue("other-network", "This is of the second network.", other[name])] for name in one}
    shifted = "The numbers are one off: `phi_0` is the bias, and the first weight is `phi_1`."
    wrong["Omega_1"].append(KnownValue("names-shifted", shifted, np.array([NET_1.phi[:3]])))
    wrong["beta_0"].append(KnownValue("roles-exchanged", "These are the slopes; biases are asked.", one["Omega_0"]))
    wrong["Omega_0"].append(KnownValue("roles-exchanged", "These are the biases; slopes are asked.", one["beta_0"]))
    unfilled = {"beta_0": {}, "Omega_0": {(0, 0): -1.0}, "beta_1": {}, "Omega_1": {}}
    return judge(ask, one, ONE_POINTS, wrong | placeholders(wrong, one, unfilled))


@check("composition")
def composition(ask: Ask) -> Outcome:
    both = deep_networks.composition(NET_1, NET_2)
    one, two = deep_networks.one_network(NET_1), deep_networks.one_network(NET_2)
    exchanged = deep_networks.composition(NET_2, NET_1)
    wrong = {
        name: [KnownValue("order-exchanged", "This is for the first network after the second.", exchanged[name])]
        for name in both
    }
    slopes, weights = two["Omega_0"], one["Omega_1"]
    wrong["beta_1"] += [
        KnownValue("offset-missing", "What the first network's `phi_0` adds is missing.", two["beta_0"]),
        KnownValue("slope-missing", "`phi_0` must be multiplied by the slopes.", two["beta_0"] + one["beta_1"]),
        KnownValue("bias-missing", "The second network's own biases are missing.", slopes @ one["beta_1"]),
    ]
    wrong["Omega_1"] += [
        KnownValue("diagonal-only", "Only the diagonal is filled in; all nine numbers count.", diagonal(both)),
        KnownValue("transposed", "Rows and columns are exchanged.", both["Omega_1"].T),
        KnownValue("slope-missing", "The second network's slopes are missing.", np.repeat(weights, 3, axis=0)),
        KnownValue("weight-missing", "The first network's weights are missing.", np.repeat(slopes, 3, axis=1)),
    ]
    unfilled: Mapping[str, Mapping[tuple[int, int], float]] = {
        **{"beta_0": {}, "Omega_0": {(0, 0): -1.0}, "beta_2": {}, "Omega_2": {}},
        "beta_1": {(0, 0): float(both["beta_1"][0, 0])},
        "Omega_1": {(0, 0): float(both["Omega_1"][0, 0])},
    }
    return judge(ask, both, TWO_POINTS, wrong | placeholders(wrong, both, unfilled))


@check("shapes")
def shapes(ask: Ask) -> Outcome:
    wanted = deep_networks.shapes(SIZES)
    replies = {name: ask.read(name) for name in wanted}
    last = replies["Omega_3"]
    if isinstance(last, Missing):
        return explain(last, "Omega_3")
    asked = [name for name in wanted if name != UNCHANGED]
    points = {name: 4.0 if name.startswith("beta") else 4.5 for name in asked}
    return combine(
        [
            Share(points[name] / sum(points.values()), f"`{name}`", judge_shape(replies[name], name, wanted[name]))
            for name in asked
        ]
    )


def judge(ask: Ask, right: Matrices, points: Mapping[str, float], wrong: Mapping[str, list[KnownValue]]) -> Outcome:
    """All at once by what the network computes on fresh inputs, else matrix by matrix."""
    replies = {name: ask.read(name) for name in right}
    for name, reply in replies.items():
        if not isinstance(reply, Got):
            return explain(reply, name)
    matrices = {name: matrix(reply) for name, reply in replies.items()}
    middle, wanted = matrices["Omega_1"], right["Omega_1"]
    if middle is None or middle.size != wanted.size:
        message = f"`Omega_1` never has the shape {wanted.shape[0]}×{wanted.shape[1]} of this network."
        return Outcome(Conclusion.MISSING, 0.0, message, "wrong-shape")  # another of the notebook's networks
    if computes_the_same(ask.rng, matrices, right):
        return Outcome(Conclusion.PASSED, 1.0, "Correct.")
    orders = [replies, *({name: Got(a) for name, a in m.items()} for m in in_reference_order(matrices, right))]
    return max(
        (matrix_by_matrix(ask, order, right, points, wrong) for order in orders), key=lambda outcome: outcome.fraction
    )


def matrix_by_matrix(
    ask: Ask,
    replies: Mapping[str, Reply],
    right: Matrices,
    points: Mapping[str, float],
    wrong: Mapping[str, list[KnownValue]],
) -> Outcome:
    total = sum(points.values())
    tasks = {name: VariableTask(name, [right[name]], wrong[name], tolerance=EXACT) for name in right}
    return combine(
        [
            Share(points[name] / total, f"`{name}`", judge_reply(replies[name], task, ask.rng))
            for name, task in tasks.items()
        ]
    )


def in_reference_order(matrices: Mapping[str, Floats | None], right: Matrices) -> Iterator[Matrices]:
    """The student's matrices with each layer's hidden units in the order of the reference, as far as they are near to
    it: one wrong number is to cost its own matrix only, in whatever order the units stand. None where shapes differ."""
    own = {name: array.copy() for name, array in matrices.items() if array is not None}
    if any(name not in own or own[name].shape != right[name].shape for name in right):
        return
    for layer in range(len(right) // 2 - 1):
        beta, omega, after = f"beta_{layer}", f"Omega_{layer}", f"Omega_{layer + 1}"
        order = np.argsort(
            nearest_order(np.hstack([own[beta], own[omega]]), np.hstack([right[beta], right[omega]])), kind="stable"
        )
        own |= {beta: own[beta][order], omega: own[omega][order], after: own[after][:, order]}
    yield own


def computes_the_same(rng: np.random.Generator, matrices: Mapping[str, Floats | None], right: Matrices) -> bool:
    """The same output for fresh inputs, so that hidden units may stand in any order."""
    x = rng.uniform(-3.0, 3.0, size=(1, INPUTS))
    depth = len(right) // 2
    layers = [(matrices[f"beta_{k}"], matrices[f"Omega_{k}"]) for k in range(depth)]
    known = [(beta, omega) for beta, omega in layers if beta is not None and omega is not None]
    if len(known) != depth or any(beta.shape != (omega.shape[0], 1) for beta, omega in known):
        return False
    try:
        with np.errstate(all="ignore"):
            got = deep_networks.run_matrices(known, x)
    except ValueError:
        return False
    want = deep_networks.run_matrices([(right[f"beta_{k}"], right[f"Omega_{k}"]) for k in range(depth)], x)
    return got.shape == want.shape and bool(np.allclose(got, want, rtol=1e-6, atol=1e-9))


def judge_shape(reply: Reply, name: str, shape: tuple[int, int]) -> Outcome:
    if not isinstance(reply, Got):
        return explain(reply, name)
    array = matrix(reply)
    if array is None:
        return Outcome(Conclusion.FAILED, 0.0, "It is no array of numbers with rows and columns.", "not-numbers")
    if array.shape != shape:
        key = "transposed" if array.shape == shape[::-1] else "wrong-shape"
        has, should = (f"{rows}×{columns}" for rows, columns in (array.shape, shape))
        return Outcome(Conclusion.FAILED, 0.0, f"Its shape is {has}; it should be {should}.", key)
    if array.size > 1 and np.all(array == array.ravel()[0]):
        return Outcome(Conclusion.FAILED, 0.0, "All of its numbers are the same; random ones are asked.", "not-random")
    return Outcome(Conclusion.PASSED, 1.0, "Correct.")


def matrix(reply: Reply) -> Floats | None:
    """A finite array with two axes, else None."""
    read = to_numbers(reply.value) if isinstance(reply, Got) else None
    if not isinstance(read, Numbers) or read.array.ndim != 2 or not np.all(np.isfinite(read.array)):
        return None
    return read.array


def diagonal(matrices: Matrices) -> Floats:
    return np.diag(np.diag(matrices["Omega_1"]))


def placeholders(
    known: Mapping[str, list[KnownValue]],
    right: Matrices,
    given: Mapping[str, Mapping[tuple[int, int], float]],
) -> dict[str, list[KnownValue]]:
    """`known` with the starter's own values before it: zeros, and the few entries that it gives."""
    found = {}
    for name, entries in given.items():
        value = np.zeros(right[name].shape)
        for place, number in entries.items():
            value[place] = number
        sentence = "Only what the starter gives is filled in."
        found[name] = [KnownValue("placeholder", sentence, value), *known[name]]
    return found
