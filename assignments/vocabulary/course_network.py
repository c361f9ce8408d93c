"""The network of coursework 2 and 3, 40-100-100-10 with ReLU, recognised by its answers."""

from __future__ import annotations

from assignments.outcome import Conclusion, Outcome
from assignments.vocabulary.probes import failed
from assignments.vocabulary.trained_models import Answered, explained_by, shapes
from reference.comparators.modules import compare_structure
from reference.implementations.torch_layers import Layer

SHAPES = [(100, 40), (100,), (100, 100), (100,), (10, 100), (10,)]


def judge_course_network(answered: Answered) -> Outcome:
    """Dropout may have been added: it does nothing once training is over."""
    holding = tuple(layer for layer in answered.layers if "weight" in layer.arrays)
    staff = f"{answered.kind}: " + ", ".join(layer.name for layer in answered.layers)[:500]
    widths = [layer.arrays["weight"].shape[0] for layer in holding if layer.name == "Linear"]
    if not compare_structure(list(shapes(holding)), SHAPES, exactly=True).equal:
        found = "-".join(str(n) for n in [40, *widths][:12])
        return failed(f"The network was to stay 40-100-100-10; its layers are {found}.", "model-changed", staff)
    relu = Layer("ReLU")
    first, second, last = (Layer("Linear", layer.arrays) for layer in holding)
    if explained_by(answered, (first, relu, second, relu, last), channel=False):
        return Outcome(Conclusion.PASSED, 1.0, "The network is as it was given.", staff=staff)
    message = "The layers have their sizes, but the network computes something else than before: it was not to change."
    return failed(message, "model-changed", staff)


def is_course_network(answered: Answered) -> bool:
    """The network as it was handed out, without even dropout added."""
    kept = judge_course_network(answered).conclusion is Conclusion.PASSED
    return kept and not any("Dropout" in layer.name for layer in answered.layers)
