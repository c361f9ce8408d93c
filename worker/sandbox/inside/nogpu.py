"""The warm parent must never have touched CUDA: a forked process cannot use it then, and would share its memory.

A kernel that was forked from it may begin CUDA before it has a job, where the worker says so (WORKER_GPU_AHEAD).
"""

import ctypes
import os
import sys

DEVICES = "/dev/nvidia"
AHEAD = "GRADER_CUDA_AHEAD"
LIBRARY = "libcuda.so.1"


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


def asked_to_begin():
    """Whether kernels shall begin CUDA ahead; no student's code sees the variable."""
    return os.environ.pop(AHEAD, "") == "1"


def begin():
    """Makes the context that the first use of CUDA would make, on the one GPU that this process sees.

    Below PyTorch, which does not notice until it is used. Where it fails, the notebook's own first use says why.
    """
    try:
        cuda = ctypes.CDLL(LIBRARY)
    except OSError:
        return
    device, context = ctypes.c_int(), ctypes.c_void_p()
    if cuda.cuInit(0) == 0 and cuda.cuDeviceGet(ctypes.byref(device), 0) == 0:
        cuda.cuDevicePrimaryCtxRetain(ctypes.byref(context), device)
