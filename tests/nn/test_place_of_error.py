"""An error that leaves a model says in which layer it came up."""

import pytest

import rushlight
from rushlight import nn


class Net(nn.Module):
    def __init__(self, error=None):
        super().__init__()
        self.features = nn.Sequential(nn.Flatten(), nn.ReLU(), nn.Linear(4, 2))
        self.heads = nn.ModuleList([nn.Linear(2, 2), Failing(error)])

    def forward(self, x):
        x = self.features(x)
        for head in self.heads:
            x = head(x)
        return x


class Failing(nn.Module):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def forward(self, x):
        raise self.error


def raised(net, x):
    with pytest.raises(Exception) as caught:
        net(x)
    return caught.value


def test_path_layer_and_misfit():
    error = raised(Net(), rushlight.zeros(3, 5))
    assert type(error) is RuntimeError
    first, second = str(error).split("\n")
    assert "3x5" in first and "4x2" in first
    assert second == (
        "  in Net.features.2 (Linear(in_features=4, out_features=2, bias=True)): "
        "the input's last dimension must be 4, got input of shape [3, 5]"
    )


def test_through_a_list_and_a_wrapper():
    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = Net(ValueError("oh"))

        def forward(self, x):
            return self.net(x)

    error = raised(Outer(), rushlight.zeros(3, 4))
    assert type(error) is ValueError
    assert str(error) == "oh\n  in Outer.net.heads.1 (Failing())"


def test_the_outermost_module_itself():
    error = raised(nn.Linear(2, 2), rushlight.zeros(3))
    assert "\n  in Linear(in_features=2, out_features=2, bias=True): " in str(error)


@pytest.mark.parametrize(
    "error", [KeyError("missing"), OSError(2, "gone"), ValueError(1, 2), ValueError()]
)
def test_arguments_are_kept_where_they_are_not_the_text(error):
    args, text = error.args, str(error)
    found = raised(Net(error), rushlight.zeros(3, 4))
    assert found is error and found.args == args and str(found) == text
    assert found.__notes__ == ["  in Net.heads.1 (Failing())"]


def test_an_error_raised_twice_starts_afresh():
    error = ValueError("oh")
    net, other = Net(error), Failing(error)
    raised(net, rushlight.zeros(3, 4))
    assert str(raised(other, 1)) == "oh\n  in Failing()"
    assert str(raised(net, rushlight.zeros(3, 4))) == "oh\n  in Net.heads.1 (Failing())"


def test_stop_iteration_is_left_alone():
    error = StopIteration("value")
    assert raised(Failing(error), 1).args == ("value",)


def test_an_error_type_without_attributes():
    class Slotted(Exception):
        __slots__ = ()

        def __setattr__(self, name, value):
            raise AttributeError(name)

    assert str(raised(Failing(Slotted("text")), 1)) == "text"


def test_errors_inside_hooks_count_too():
    net = Net()
    net.heads[0].register_forward_hook(lambda *_: 1 / 0)
    error = raised(net, rushlight.zeros(3, 4))
    assert type(error) is ZeroDivisionError
    assert "\n  in Net.heads.0 (Linear(" in str(error)


def test_misfits_of_other_layers():
    error = raised(nn.BatchNorm2d(3), rushlight.zeros(2, 4, 5, 5))
    assert "expected (N, 3, ...), got input of shape [2, 4, 5, 5]" in str(error)
    error = raised(nn.Embedding(3, 2), rushlight.tensor([0, 5]))
    assert type(error) is IndexError
    assert "indices must lie in [0, 3), got values from 0 to 5" in str(error)
