"""state_dict and load_state_dict: keys, mismatches, assignment, hooks."""

import pytest

import rushlight
from rushlight import nn


def model():
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))


def test_round_trip():
    a, b = model(), model()
    result = b.load_state_dict(a.state_dict())
    assert repr(result) == "<All keys matched successfully>"
    assert result.missing_keys == result.unexpected_keys == []
    for key, value in a.state_dict().items():
        assert (b.state_dict()[key] == value).all()
    assert a.state_dict()._metadata["1"] == {"version": 2}


def test_values_are_shared_and_detached():
    net = model()
    state = net.state_dict()
    assert not state["0.weight"].requires_grad
    state["0.bias"].fill_(4)
    assert net[0].bias.tolist() == [4, 4, 4]
    assert net.state_dict(keep_vars=True)["0.bias"] is net[0].bias
    assert list(net.state_dict(prefix="x."))[0] == "x.0.weight"


def test_every_mismatch_is_listed():
    state = model().state_dict()
    state["0.weight"] = rushlight.zeros(3, 5)
    del state["0.bias"]
    state["2.weight"] = rushlight.zeros(1)
    with pytest.raises(RuntimeError) as caught:
        model().load_state_dict(state)
    text = str(caught.value)
    assert text.startswith("Error(s) in loading state_dict for Sequential:\n\t")
    assert 'Missing key(s) in state_dict: "0.bias". ' in text
    assert 'Unexpected key(s) in state_dict: "2.weight". ' in text
    assert (
        "size mismatch for 0.weight: copying a param with shape torch.Size([3, 5]) from "
        "checkpoint, the shape in current model is torch.Size([3, 2])." in text
    )


def test_not_strict():
    result = model().load_state_dict(
        {"0.bias": rushlight.ones(3), "z": 1}, strict=False
    )
    assert result.unexpected_keys == ["z"]
    assert "0.weight" in result.missing_keys and "0.bias" not in result.missing_keys


def test_wrong_types():
    with pytest.raises(TypeError, match="Expected state_dict to be dict-like, got"):
        model().load_state_dict([])
    with pytest.raises(
        RuntimeError, match="expected torch.Tensor or Tensor-like object"
    ):
        model().load_state_dict({"0.bias": "text"}, strict=False)


def test_assign_takes_the_tensors_themselves():
    source, target = model().double(), model()
    target[0].requires_grad_(False)
    state = source.state_dict()
    target.load_state_dict(state, assign=True)
    assert target[0].weight.dtype == rushlight.float64
    assert not target[0].weight.requires_grad
    assert isinstance(target[0].weight, nn.Parameter)
    state["0.weight"].fill_(3)
    assert target[0].weight[0, 0].item() == 3


def test_old_batch_norm_state():
    state = {
        key: value
        for key, value in model().state_dict().items()
        if "num_batches_tracked" not in key
    }
    model().load_state_dict(state)


def test_scalars_saved_as_vectors():
    module = nn.Module()
    module.x = nn.Parameter(rushlight.zeros(()))
    module.load_state_dict({"x": rushlight.ones(1)})
    assert module.x.item() == 1


def test_extra_state():
    class Counter(nn.Module):
        count = 3

        def get_extra_state(self):
            return {"count": self.count}

        def set_extra_state(self, state):
            self.count = state["count"]

    a, b = Counter(), Counter()
    a.count = 8
    assert a.state_dict() == {"_extra_state": {"count": 8}}
    b.load_state_dict(a.state_dict())
    assert b.count == 8
    with pytest.raises(RuntimeError, match="_extra_state"):
        b.load_state_dict({})


def test_hooks():
    net, log = model(), []
    net.register_state_dict_pre_hook(lambda m, prefix, keep: log.append("pre"))
    net.register_state_dict_post_hook(lambda m, s, prefix, meta: s.update(more=1))
    state = net.state_dict()
    assert state["more"] == 1 and log == ["pre"]
    net.register_load_state_dict_pre_hook(lambda m, s, *_: s.pop("more"))
    net.register_load_state_dict_post_hook(lambda m, keys: log.append(keys))
    net.load_state_dict(state)
    assert len(log) == 2 and log[-1].missing_keys == []
    assert "more" in state


def test_prefix_of_parallel_wrappers():
    strip = nn.modules.utils.consume_prefix_in_state_dict_if_present
    net = model()
    state = net.state_dict(prefix="module.")
    strip(state, "module.")
    net.load_state_dict(state)
    assert set(state._metadata) == {"", "0", "1"}


def error_of(net, state, **options):
    with pytest.raises(RuntimeError) as caught:
        net.load_state_dict(state, **options)
    return str(caught.value)


def test_shapes_that_differ_are_explained_with_the_layer():
    state = model().state_dict()
    state["0.weight"] = rushlight.zeros(3, 5)
    lines = error_of(model(), state, strict=False).splitlines()
    assert lines[1].startswith(
        "\tsize mismatch for 0.weight: copying a param with shape"
    )
    assert lines[2] == (
        "  in Sequential.0 (Linear(in_features=2, out_features=3, bias=True)): weight has "
        "the shape [3, 2] and was saved with [3, 5]; build the layer as it was saved, or "
        "leave it out of the state dict"
    )
    assert len(lines) == 3
    text = error_of(
        nn.Linear(2, 1), {"weight": rushlight.ones(2), "bias": rushlight.ones(1)}
    )
    assert "\n  in Linear (Linear(in_features=2," in text


@pytest.mark.parametrize(
    ("prefix", "reason"),
    [
        ("module.", ", as DataParallel saves them"),
        ("_orig_mod.", ", as torch.compile"),
        ("a.b.", ""),
    ],
)
def test_prefixes_are_explained(prefix, reason):
    state = model().state_dict(prefix=prefix)
    text = error_of(model(), state)
    assert (
        f"in Sequential: all keys of the state dict begin with {prefix!r}{reason}"
        in text
    )
    assert f"consume_prefix_in_state_dict_if_present(state_dict, {prefix!r})" in text
    nn.modules.utils.consume_prefix_in_state_dict_if_present(state, prefix)
    assert repr(model().load_state_dict(state)) == "<All keys matched successfully>"


def test_wrapped_models_are_explained():
    wrapped = nn.Module()
    wrapped.module = model()
    text = error_of(wrapped, model().state_dict())
    assert "all keys of the model begin with 'module.': load into model.module," in text


def test_whole_checkpoints_are_explained():
    text = error_of(model(), {"epoch": 3, "model": model().state_dict()})
    assert "this is a checkpoint: load state_dict['model'], its state dict" in text


def test_renamed_keys_are_hinted_at():
    net = nn.Module()
    net.encoder, net.head = nn.Linear(2, 3), nn.Linear(3, 1)
    state = net.state_dict()
    for old, new in (
        ("encoder.weight", "encoder1.weight"),
        ("head.bias", "heads.bias"),
    ):
        state[new] = state.pop(old)
    text = error_of(net, state)
    assert '"encoder.weight" may be called "encoder1.weight"' in text
    assert '"head.bias" may be called "heads.bias" in the state dict: both have' in text
    state["heads.bias"] = rushlight.ones(7)
    assert 'heads.bias" in the state' not in error_of(net, state)
    assert "  in " not in error_of(net, {"entirely.other": rushlight.ones(1)})


def test_what_fits_is_loaded():
    source, target = model(), nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(4))
    state = source.state_dict()
    state["extra"] = rushlight.ones(1)
    del state["0.bias"]
    kept = target[0].bias.clone()
    result = nn.utils.load_matching_state_dict(target, state)
    assert result.loaded == ["0.weight", "1.num_batches_tracked"]
    assert result.missing == ["0.bias"] and result.unexpected == ["extra"]
    assert result.misfits == ["1.weight", "1.bias", "1.running_mean", "1.running_var"]
    assert (target[0].weight == source[0].weight).all() and (
        target[0].bias == kept
    ).all()
    nn.utils.load_matching_state_dict(
        target, {"0.weight": state["0.weight"]}, assign=True
    )
    state["0.weight"].fill_(9)
    assert target[0].weight[0, 0].item() == 9
    with pytest.raises(
        RuntimeError, match="no tensor.*fits into Sequential\n.*'module.'"
    ):
        nn.utils.load_matching_state_dict(target, source.state_dict(prefix="module."))
    with pytest.raises(TypeError, match="dict-like"):
        nn.utils.load_matching_state_dict(target, [])
