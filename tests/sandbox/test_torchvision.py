"""torchvision beside the CPU build of PyTorch: it imports, and its data sets are the course's files."""

from pathlib import Path

import numpy as np

from reference.implementations import idx

from .conftest import Runner

ROOM = {"memory_mib": 3_000, "cell_s": 60, "wall_s": 120}
LOAD = "from torchvision import datasets, transforms\nload = transforms.Compose([transforms.ToTensor()])"


def mounted(folder: Path, parts: tuple[str, ...]) -> dict[str, Path]:
    """Small IDX files, the training images compressed, the others plain."""
    rng = np.random.default_rng(3)
    files = {}
    for part, count, ending in (("train", 7, ".gz"), ("t10k", 4, "")):
        if part in parts:
            for kind, values in (
                ("images-idx3", rng.integers(0, 256, size=(count, 28, 28)).astype(np.uint8)),
                ("labels-idx1", (np.arange(count) % 10).astype(np.uint8)),
            ):
                path = folder / f"{part}-{kind}-ubyte{ending}"
                idx.write(path, values)
                files[f"data/MNIST/raw/{path.name}"] = path
    return files


def test_mnist_is_taken_from_the_course_files_wherever_the_notebook_wants_it(run: Runner, tmp_path: Path) -> None:
    ran = run(
        LOAD,
        "train = datasets.MNIST('./data', train=True, download=True, transform=load)\nlen(train), train[3][0].shape",
        "test = datasets.MNIST(root='/content/elsewhere', train=False, download=True)\ntest.targets",
        "kept = datasets.MNIST('./data', train=True, download=False)\nint(kept.data.sum()) == int(train.data.sum())",
        data_files=mounted(tmp_path, ("train", "t10k")),
        **ROOM,
    )
    assert ran.statuses == ["ok"] * 4, [summary.error for summary in ran.summaries]
    assert "(7, torch.Size([1, 28, 28]))" in ran.text(1)
    assert "tensor([0, 1, 2, 3])" in ran.text(2)
    assert "True" in ran.text(3)
    assert "the course's own files are used" in ran.text(2)


def test_training_images_alone_are_enough_for_the_training_set(run: Runner, tmp_path: Path) -> None:
    ran = run(
        LOAD,
        "len(datasets.MNIST('data', train=True, download=True))",
        "datasets.MNIST('data', train=False, download=True)",
        "datasets.FashionMNIST('data', download=True)",
        data_files=mounted(tmp_path, ("train",)),
        **ROOM,
    )
    assert ran.statuses == ["ok", "ok", "error", "error"]
    assert "7" in ran.text(1)
    assert "hold no MNIST" in ran.text(2)
    assert "hold no FashionMNIST" in ran.text(3)


def test_networks_of_torchvision_are_made_and_what_is_compiled_says_that_it_is_not_there(run: Runner) -> None:
    ran = run(
        "import torch, torchvision\nnet = torchvision.models.resnet18(weights=None).eval()",
        "with torch.no_grad(): print(tuple(net(torch.zeros(1, 3, 64, 64)).shape))",
        "compiled = torchvision.extension._has_ops()\nprint(compiled)",
        "torchvision.ops.nms(torch.zeros(1, 4), torch.zeros(1), 0.5)",
        **ROOM,
    )
    assert ran.statuses[:3] == ["ok"] * 3, [summary.error for summary in ran.summaries]
    assert "(1, 1000)" in ran.text(1)
    assert ran.statuses[3] == ("ok" if "True" in ran.text(2) else "error")
