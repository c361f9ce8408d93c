"""The warm parent must never have touched CUDA: a forked process cannot use it then, and would share its memory."""

import os
import sys

DEVICES = "/dev/nvidia"


def refuse_used():
    """Raises RuntimeError if a library that was preloaded has already opened a GPU."""
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "cuda") and torch.cuda.is_initialized():
        raise RuntimeError("the preloaded libraries initialised CUDA; leave out the one that does")
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:  # the one with which the folder was listed
            continue
        if target.startswith(DEVICES):
            raise RuntimeError(f"the preloaded libraries opened {target}; leave out the one that does")
