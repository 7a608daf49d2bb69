"""DataParallel without a GPU: a name in front of the state's names, and nothing else."""

import io

import rushlight as torch
from rushlight import nn


def test_calls_its_module() -> None:
    inner = nn.Bilinear(2, 3, 1)
    wrapped = nn.DataParallel(inner, device_ids=[0, 1])
    first, second = torch.ones(4, 2), torch.ones(4, 3)
    assert torch.equal(wrapped(first, input2=second), inner(first, second))
    assert wrapped.module is inner
    assert wrapped.device_ids == []
    assert repr(wrapped).startswith("DataParallel(\n  (module): Bilinear(")


def test_state_saved_wrapped_is_loaded_wrapped() -> None:
    saved = nn.DataParallel(nn.Linear(2, 1))
    file = io.BytesIO()
    torch.save(saved.state_dict(), file)
    file.seek(0)
    loaded = nn.DataParallel(nn.Linear(2, 1))
    loaded.load_state_dict(torch.load(file))
    assert list(loaded.state_dict()) == ["module.weight", "module.bias"]
    assert torch.equal(loaded.module.weight, saved.module.weight)
