"""Runs reference operations in float32 on a device, again and again, and prints how far they are from double precision.

For the Python in which notebooks run, which has PyTorch and nothing of ours: `tools/calibrate.py` starts it.
Arguments: the device ("cpu" or "cuda"), how often. Prints JSON: {"facts": {...}, "rows": {name: worst difference}},
each relative to the largest entry of the exact result.
"""

import json
import os
import sys

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

import torch
from torch.nn import functional

SEEDS = (11, 12, 13)


def inputs(seed):
    """In double precision, from the CPU's generator: the same for every device."""
    made = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=made, dtype=torch.float64)

    return {
        "a": normal(256, 784),
        "w1": normal(784, 128) / 28,
        "w2": normal(128, 10) / 11,
        "images": normal(32, 1, 28, 28),
        "deep": normal(32, 16, 14, 14),
        "kernels": normal(16, 1, 5, 5) / 5,
        "deep_kernels": normal(32, 16, 3, 3) / 12,
        "labels": torch.randint(10, (256,), generator=made),
    }


def matmul(x):
    return [x["a"] @ x["w1"]]


def network_and_gradients(x):
    w1, w2 = x["w1"].clone().requires_grad_(), x["w2"].clone().requires_grad_()
    loss = functional.cross_entropy(torch.relu(x["a"] @ w1) @ w2, x["labels"])
    loss.backward()
    return [loss.detach(), w1.grad, w2.grad]


def convolution(x):
    return [functional.conv2d(x["images"], x["kernels"]), functional.conv2d(x["deep"], x["deep_kernels"], padding=1)]


def convolution_gradients(x):
    kernels = x["deep_kernels"].clone().requires_grad_()
    functional.conv2d(x["deep"], kernels, padding=1).square().mean().backward()
    return [kernels.grad]


def normalisation(x):
    return [functional.batch_norm(x["deep"], None, None, training=True), functional.layer_norm(x["a"], (784,))]


def reductions(x):
    return [x["a"].sum(), x["a"].mean(dim=0), x["a"].var(dim=1), torch.logsumexp(x["a"], dim=1)]


def attention(x):
    rows = x["a"][:, :64].reshape(4, 64, 64)
    return [functional.scaled_dot_product_attention(rows, rows, rows)]


def training(x):
    """Twenty steps of gradient descent: differences of each step add up."""
    w1, w2 = x["w1"].clone().requires_grad_(), x["w2"].clone().requires_grad_()
    for _ in range(20):
        loss = functional.cross_entropy(torch.relu(x["a"] @ w1) @ w2, x["labels"])
        grads = torch.autograd.grad(loss, (w1, w2))
        with torch.no_grad():
            for weight, grad in zip((w1, w2), grads, strict=True):
                weight -= 0.1 * grad
    return [loss.detach(), w2.detach()]


OPERATIONS = {
    "matmul": matmul,
    "network": network_and_gradients,
    "convolution": convolution,
    "convolution-gradients": convolution_gradients,
    "normalisation": normalisation,
    "reductions": reductions,
    "attention": attention,
    "training": training,
}


def moved(x, device):
    return {
        name: value.to(device, torch.float32 if value.is_floating_point() else value.dtype) for name, value in x.items()
    }


def difference(got, exact):
    """Relative to the largest entry; the worst of all results."""
    worst = 0.0
    for one, right in zip(got, exact, strict=True):
        scale = float(right.abs().max()) or 1.0
        worst = max(worst, float((one.detach().cpu().double() - right.detach()).abs().max()) / scale)
    return worst


def modes(device):
    """(name, how to switch it on)"""
    if device == "cpu":
        for threads in sorted({1, 2, os.cpu_count() or 1}):
            yield "fp32", lambda threads=threads: torch.set_num_threads(threads)
        return
    for name, on in (("fp32", False), ("tf32", True)):

        def switch(on=on):
            torch.backends.cuda.matmul.allow_tf32 = on
            torch.backends.cudnn.allow_tf32 = on

        yield name, switch
        yield name, lambda switch=switch: (switch(), setattr(torch.backends.cudnn, "benchmark", True))
        torch.backends.cudnn.benchmark = False


def main():
    device, repeats = sys.argv[1], int(sys.argv[2])
    rows = {}
    cases = [inputs(seed) for seed in SEEDS]
    exact = {name: [operation(x) for x in cases] for name, operation in OPERATIONS.items()}
    for mode, switch_on in modes(device):
        switch_on()
        there = [moved(x, device) for x in cases]
        for name, operation in OPERATIONS.items():
            key = f"{device}-{mode}-{name}"
            for _ in range(repeats):
                for x, right in zip(there, exact[name], strict=True):
                    rows[key] = max(rows.get(key, 0.0), difference(operation(x), right))
    name = torch.cuda.get_device_name() if device == "cuda" else f"CPU, {os.cpu_count()} cores"
    facts = {"device": name, "torch": torch.__version__, "cuda": torch.version.cuda or ""}
    print(json.dumps({"facts": facts, "rows": rows}))


if __name__ == "__main__":
    main()
