"""Batch normalisation (Ioffe and Szegedy, ICML 2015)."""

from __future__ import annotations

import rushlight
from rushlight import Tensor

from .. import functional as F, init
from ..parameter import Parameter
from .module import Module

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _NormBase(Module):
    """Scale, shift and running statistics per channel."""

    # Version 2 added num_batches_tracked.
    _version = 2
    __constants__ = ["track_running_stats", "momentum", "eps", "num_features", "affine"]
    weight: Tensor | None
    bias: Tensor | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            values = None
            if wanted:
                values = Parameter(
                    rushlight.empty(num_features, device=device, dtype=dtype)
                )
            self.register_parameter(name, values)
        if track_running_stats:
            self.register_buffer(
                "running_mean",
                rushlight.zeros(num_features, device=device, dtype=dtype),
            )
            self.register_buffer(
                "running_var", rushlight.ones(num_features, device=device, dtype=dtype)
            )
            self.register_buffer(
                "num_batches_tracked",
                rushlight.tensor(0, dtype=rushlight.int64, device=device),
            )
        else:
            for name in ("running_mean", "running_var", "num_batches_tracked"):
                self.register_buffer(name, None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Sets the running mean to 0, the variance to 1 and the count to 0."""
        if self.track_running_stats:
            assert self.running_mean is not None and self.running_var is not None
            assert self.num_batches_tracked is not None
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Resets the statistics; sets the weight to 1 and the bias to 0."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _check_input_dim(self, input: Tensor) -> None:
        raise NotImplementedError

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, bias={self.bias is not None}, "
            f"track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: dict[str, Any],
        *args: Any,
    ) -> None:
        version = local_metadata.get("version")
        key = prefix + "num_batches_tracked"
        if (version is None or version < 2) and self.track_running_stats:
            if key not in state_dict:
                own = self.num_batches_tracked
                state_dict[key] = (
                    rushlight.tensor(0, dtype=rushlight.int64) if own is None else own
                )
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)

    def _misfit(self, *args: Any) -> str:
        shape = list(args[0].shape)
        if len(shape) > 1 and shape[1] == self.num_features:
            return ""
        return f"expected (N, {self.num_features}, ...), got input of shape {shape}"


class _BatchNorm(_NormBase):
    """Normalises each channel over the batch; a subclass checks the dimensions."""

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        training = self.training
        momentum = self.momentum
        mean, var = self.running_mean, self.running_var
        if training:
            if self.track_running_stats:
                count = self.num_batches_tracked
                if count is not None:
                    count.add_(1)
                    if momentum is None:
                        # No momentum: a plain average over all batches.
                        momentum = 1.0 / float(count)
            else:
                mean = var = None
        # Without running statistics evaluation uses the batch's own.
        use_batch = training or (mean is None and var is None)
        return F.batch_norm(
            input,
            mean,
            var,
            self.weight,
            self.bias,
            use_batch,
            0.0 if momentum is None else momentum,
            self.eps,
        )


class BatchNorm1d(_BatchNorm):
    """Normalises each feature over the batch: (x - mean) / sqrt(var + eps) * w + b.

    Shape: (N, C) or (N, C, L), unchanged. In training the batch's mean and (biased)
    variance are used and the running ones updated, in evaluation the running ones.

    Args:
        num_features: C.
        eps: added to the variance.
        momentum: weight of the new batch in the running statistics; None averages all.
        affine: whether weight and bias are learned.
        track_running_stats: False uses the batch's statistics always.
        bias: whether there is a bias.

    Raises (when called):
        ValueError: for other dimensions, or one value per channel in training.
    """

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() not in (2, 3):
            raise ValueError(f"expected 2D or 3D input (got {input.dim()}D input)")


class BatchNorm2d(_BatchNorm):
    """`BatchNorm1d` for pictures (N, C, H, W): over the batch and all pixels."""

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() != 4:
            raise ValueError(f"expected 4D input (got {input.dim()}D input)")


class BatchNorm3d(_BatchNorm):
    """`BatchNorm1d` for volumes (N, C, D, H, W): over the batch and all voxels."""

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() != 5:
            raise ValueError(f"expected 5D input (got {input.dim()}D input)")
