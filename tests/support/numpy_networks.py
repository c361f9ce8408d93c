"""An `Ask` whose probes of PyTorch networks are answered by NumPy functions: the service's own Python has no PyTorch.

What a check sends and what it concludes is tested with it, many times and fast; the probes themselves are tested by the
cases, in real kernels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from assignments.asking import Call, Got, Reply
from tests.support.direct_ask import DirectAsk, plain


class ProbedNetworks(DirectAsk):
    """`probes` maps what a probe is called by to what it answers; `names` are those that the notebook has."""

    def __init__(self, probes: Mapping[str, Callable[..., Any]], names: tuple[str, ...], seed: int = 0) -> None:
        super().__init__([], seed=seed)
        self.probes = dict(probes)
        self.namespace.update(dict.fromkeys(names, object))

    def _call(self, call: Call) -> Reply:
        return Got(plain(self.probes[call.function](*call.arguments)))
