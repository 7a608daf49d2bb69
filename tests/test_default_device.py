"""The device that new tensors take when none is given."""

import threading

import numpy as np
import pytest

import rushlight
from rushlight import nn


@pytest.mark.parametrize(
    "make",
    [
        lambda: rushlight.ones(2),
        lambda: rushlight.ones(2, device=None),
        lambda: rushlight.tensor([1.0]),
        lambda: rushlight.as_tensor(np.ones(2)),
        lambda: rushlight.asarray([1]),
        lambda: rushlight.arange(3),
        lambda: nn.Linear(2, 2).weight,
        lambda: nn.BatchNorm1d(2).running_mean,
    ],
)
def test_new_tensors_follow_it(make):
    with rushlight.device("meta") as device:
        assert make().device == device == rushlight.get_default_device()
    assert make().device.type == "cpu"


def test_what_says_where_it_lies_does_not():
    with rushlight.device("meta"):
        there = rushlight.ones(2, device="cpu")
        assert there.device.type == "cpu"
        assert rushlight.zeros_like(there).device.type == "cpu"
        assert there.new_zeros(2).device.type == "cpu"
        assert rushlight.from_numpy(np.ones(2)).device.type == "cpu"


def test_blocks_nest_and_end_with_errors():
    with rushlight.device("meta"):
        with rushlight.device("cpu"):
            assert rushlight.ones(1).device.type == "cpu"
        with pytest.raises(ZeroDivisionError), rushlight.device("cpu"):
            1 / 0
        assert rushlight.ones(1).device.type == "meta"
    assert rushlight.get_default_device().type == "cpu"


def test_each_thread_has_its_own():
    seen = []
    with rushlight.device("meta"):
        thread = threading.Thread(target=lambda: seen.append(rushlight.ones(1).device))
        thread.start()
        thread.join()
    assert seen == [rushlight.device("cpu")]


def test_meta_modules_say_how_to_get_values():
    with rushlight.device("meta"):
        layer = nn.Linear(2, 2)
    with pytest.raises(NotImplementedError, match=r"use torch.nn.Module.to_empty\(\)"):
        layer.to("cpu")
    state = nn.Linear(2, 2).state_dict()
    with pytest.warns(UserWarning, match="is a no-op") as caught:
        layer.load_state_dict(state)
    assert len(caught) == 2 and layer.weight.is_meta
    layer.load_state_dict(state, assign=True)
    assert rushlight.equal(layer.weight, state["weight"])
