"""Any plain value and any reply that a kernel could send, for hypothesis."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from assignments.asking import Got, KernelGone, Missing, NotCallable, Raised, TimedOut, Uncarried
from reference.plain import Opaque, TensorValue

DTYPES = ["f2", "f4", "f8", "i1", "i8", "u8", "?", "c8", "c16", "U3", "S2", "M8[s]", "m8[s]", "O", "V4", "i4,f4"]
ARRAYS = st.builds(
    lambda dtype, shape: np.zeros(shape, dtype=dtype),
    st.sampled_from(DTYPES),
    st.lists(st.integers(0, 3), max_size=5).map(tuple),
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.text(max_size=5),
    st.binary(max_size=5),
    ARRAYS,
    ARRAYS.map(TensorValue),
    st.builds(Opaque, st.text(max_size=5), st.booleans()),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
    ),
    max_leaves=12,
)
NAMES = st.text(max_size=400)
REPLIES = st.one_of(
    st.builds(Got, VALUES, st.lists(st.integers(0, 9), max_size=3).map(tuple)),
    st.builds(Missing, NAMES, st.lists(NAMES, max_size=5).map(tuple)),
    st.builds(NotCallable, NAMES, NAMES),
    st.builds(Raised, NAMES, NAMES, NAMES),
    st.builds(TimedOut, st.floats(0, 1e6)),
    st.builds(KernelGone, NAMES),
    st.builds(Uncarried, NAMES),
)
