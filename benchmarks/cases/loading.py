"""Data loading: tensors in this process, the first batch of workers, their steady state,
and decoding images."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.case import case

IMAGES = 160  # of 256 x 256 pixels, half JPEG, half PNG


def rows(torch: Any, count: int, *shape: int) -> Any:
    """Rows of floats with labels."""
    inputs = torch.randn(count, *shape)
    return torch.utils.data.TensorDataset(inputs, torch.arange(count))


def run_through(loader: Any) -> Callable[[], None]:
    """One pass."""

    def run() -> None:
        for _ in loader:
            pass

    return run


def in_process(
    torch: Any, batch_size: int, shuffle: bool
) -> tuple[str, dict[str, Any]]:
    """A pass over 256 batches."""
    data = rows(torch, 256 * batch_size, 784)
    loader = torch.utils.data.DataLoader(data, batch_size, shuffle=shuffle)
    return "run()", {"run": run_through(loader)}


@case("256 batches of 1 row of 784, in process, in order", 0.4)
def single_in_order(torch: Any) -> tuple[str, dict[str, Any]]:
    return in_process(torch, 1, False)


@case("256 batches of 1 row of 784, in process, shuffled", 0.4)
def single_shuffled(torch: Any) -> tuple[str, dict[str, Any]]:
    return in_process(torch, 1, True)


@case("256 batches of 64 rows of 784, in process, in order", 0.4)
def batches_in_order(torch: Any) -> tuple[str, dict[str, Any]]:
    return in_process(torch, 64, False)


@case("256 batches of 64 rows of 784, in process, shuffled", 0.4)
def batches_shuffled(torch: Any) -> tuple[str, dict[str, Any]]:
    return in_process(torch, 64, True)


@case("first batch of 2 workers, spawn", 0.3)
def first_batch(torch: Any) -> tuple[str, dict[str, Any]]:
    data = torch.utils.data
    loader = data.DataLoader(
        rows(torch, 1000, 784), 64, num_workers=2, multiprocessing_context="spawn"
    )
    return "next(iter(loader))", {"loader": loader}


def with_workers(
    torch: Any, dataset: Any, batch_size: int
) -> tuple[str, dict[str, Any]]:
    """A shuffled pass with 2 workers that stay."""
    loader = torch.utils.data.DataLoader(
        dataset,
        batch_size,
        shuffle=True,
        num_workers=2,
        persistent_workers=True,
        multiprocessing_context="fork",
    )
    return "run()", {"run": run_through(loader)}


@case("50 batches of 64 rows of 784, 2 workers", 1.0)
def workers_small(torch: Any) -> tuple[str, dict[str, Any]]:
    return with_workers(torch, rows(torch, 3200, 784), 64)


@case("50 batches of 64 rows of 3 x 64 x 64, 2 workers", 1.0)
def workers_large(torch: Any) -> tuple[str, dict[str, Any]]:
    return with_workers(torch, rows(torch, 3200, 3, 64, 64), 64)


def write_images(folder: str) -> None:
    """Fills a folder with smooth pictures."""
    import numpy as np
    from PIL import Image

    noise = np.random.default_rng(0)
    for i in range(IMAGES):
        coarse = noise.integers(0, 255, (16, 16, 3), dtype=np.uint8)
        path = Path(folder, f"{i}.{'jpg' if i % 2 else 'png'}")
        Image.fromarray(coarse).resize((256, 256)).save(path)


@case("160 images of 256 x 256 decoded, 2 workers", 1.0)
def images(torch: Any) -> tuple[str, dict[str, Any]]:
    import numpy as np
    from PIL import Image

    folder = tempfile.TemporaryDirectory(prefix="rushlight-bench-")
    write_images(folder.name)

    class Folder(torch.utils.data.Dataset):
        def __init__(self) -> None:
            self.paths = sorted(Path(folder.name).iterdir())

        def __len__(self) -> int:
            return len(self.paths)

        def __getitem__(self, i: int) -> tuple[Any, int]:
            with Image.open(self.paths[i]) as image:
                pixels = np.array(image.convert("RGB"))
            return torch.from_numpy(pixels).permute(2, 0, 1).float() / 255, i

    statement, variables = with_workers(torch, Folder(), 16)
    return statement, {**variables, "folder": folder}  # removed with the variables
