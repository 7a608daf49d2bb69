"""Helpers for training: clipping of gradients, parameters as one vector, partial loading."""

from __future__ import annotations

from .clip_grad import (
    clip_grad_norm as clip_grad_norm,
    clip_grad_norm_ as clip_grad_norm_,
    clip_grad_value_ as clip_grad_value_,
    clip_grads_with_norm_ as clip_grads_with_norm_,
    get_total_norm as get_total_norm,
)
from .convert_parameters import (
    parameters_to_vector as parameters_to_vector,
    vector_to_parameters as vector_to_parameters,
)
from .matching import (
    MatchedKeys as MatchedKeys,
    load_matching_state_dict as load_matching_state_dict,
)
