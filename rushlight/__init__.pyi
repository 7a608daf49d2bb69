# Written by tools/stubs.py from the operator registry; do not edit.
# mypy: disable-error-code="overload-overlap,overload-cannot-match,override,misc"
"""rushlight: deep learning with PyTorch's API."""

from builtins import float as _float
from typing import Any

from rushlight import autograd as autograd
from rushlight import nn as nn
from rushlight import optim as optim
from rushlight import serialization as serialization
from rushlight import testing as testing
from rushlight import utils as utils
from rushlight._einsum import einsum as einsum
from rushlight.serialization import load as load
from rushlight.serialization import save as save
from rushlight._legacy import set_default_tensor_type as set_default_tensor_type
from rushlight._tensor_str import set_printoptions as set_printoptions
BFloat16Tensor: Any
BoolTensor: Any
ByteTensor: Any
CharTensor: Any
DoubleTensor: Any
FloatTensor: Any
from rushlight._C import Generator as Generator
HalfTensor: Any
IntTensor: Any
LongTensor: Any
from rushlight._C import Node as Node
from rushlight._C import OpFunction as OpFunction
from rushlight._C import OpMethod as OpMethod
ShortTensor: Any
from rushlight._C import Size as Size
from rushlight._C import Tensor as Tensor
from rushlight._C import UntypedStorage as UntypedStorage
from rushlight._C.ops import add as add
from rushlight._C.ops import adjoint as adjoint
from rushlight._C.ops import arange as arange
from rushlight._C.ops import as_strided as as_strided
from rushlight._functions import as_tensor as as_tensor
from rushlight._functions import asarray as asarray
from rushlight._C import bfloat16 as bfloat16
from rushlight._C import bool as bool
from rushlight._functions import broadcast_shapes as broadcast_shapes
from rushlight._C.ops import broadcast_to as broadcast_to
from rushlight._dtype_info import can_cast as can_cast
from rushlight._C.ops import cat as cat
from rushlight._C import cdouble as cdouble
from rushlight._C import cfloat as cfloat
from rushlight._C import channels_last as channels_last
from rushlight._C import channels_last_3d as channels_last_3d
from rushlight._C.ops import chunk as chunk
from rushlight._C.ops import clone as clone
from rushlight._C.ops import column_stack as column_stack
from rushlight._C import complex128 as complex128
from rushlight._C import complex64 as complex64
from rushlight._C.ops import concat as concat
from rushlight._C.ops import concatenate as concatenate
from rushlight._C.ops import conj_physical as conj_physical
from rushlight._C import contiguous_format as contiguous_format
from rushlight._C import default_generator as default_generator
from rushlight._C import device as device
from rushlight._C.ops import diagonal as diagonal
from rushlight._C.ops import div as div
from rushlight._C import double as double
from rushlight._C.ops import dsplit as dsplit
from rushlight._C.ops import dstack as dstack
from rushlight._C import dtype as dtype
e: _float
from rushlight._C.ops import empty as empty
from rushlight._grad_mode import enable_grad as enable_grad
from rushlight._C.ops import exp as exp
from rushlight._C.ops import fill_ as fill_
from rushlight._dtype_info import finfo as finfo
from rushlight._C.ops import flatten as flatten
from rushlight._C.ops import flip as flip
from rushlight._C.ops import fliplr as fliplr
from rushlight._C.ops import flipud as flipud
from rushlight._C import float as float
from rushlight._C import float16 as float16
from rushlight._C import float32 as float32
from rushlight._C import float64 as float64
from rushlight._functions import from_dlpack as from_dlpack
from rushlight._C import from_numpy as from_numpy
from rushlight._C import frombuffer as frombuffer
from rushlight._C.ops import full as full
from rushlight._C import get_default_dtype as get_default_dtype
from rushlight._C import get_num_threads as get_num_threads
from rushlight._functions import get_rng_state as get_rng_state
from rushlight._C import half as half
from rushlight._C.ops import hsplit as hsplit
from rushlight._C.ops import hstack as hstack
from rushlight._dtype_info import iinfo as iinfo
from rushlight._C.ops import index_put as index_put
from rushlight._C.ops import index_put_ as index_put_
inf: _float
from rushlight._grad_mode import inference_mode as inference_mode
from rushlight._functions import initial_seed as initial_seed
from rushlight._C import int as int
from rushlight._C import int16 as int16
from rushlight._C import int32 as int32
from rushlight._C import int64 as int64
from rushlight._C import int8 as int8
from rushlight._functions import is_complex as is_complex
from rushlight._functions import is_floating_point as is_floating_point
from rushlight._C import is_grad_enabled as is_grad_enabled
from rushlight._C import is_inference_mode_enabled as is_inference_mode_enabled
from rushlight._functions import is_nonzero as is_nonzero
from rushlight._functions import is_storage as is_storage
from rushlight._functions import is_tensor as is_tensor
from rushlight._C import layout as layout
from rushlight._C import long as long
from rushlight._functions import manual_seed as manual_seed
from rushlight._C import memory_format as memory_format
from rushlight._C.ops import moveaxis as moveaxis
from rushlight._C.ops import movedim as movedim
from rushlight._C.ops import mul as mul
nan: _float
from rushlight._C.ops import narrow as narrow
from rushlight._C.ops import narrow_copy as narrow_copy
from rushlight._C.ops import neg as neg
from rushlight._C import newaxis as newaxis
from rushlight._grad_mode import no_grad as no_grad
from rushlight._functions import nonzero as nonzero
from rushlight._functions import norm as norm
from rushlight._functions import numel as numel
from rushlight._C.ops import ones as ones
from rushlight._C.ops import permute as permute
pi: _float
from rushlight._C import preserve_format as preserve_format
from rushlight._dtype_info import promote_types as promote_types
from rushlight._C.ops import ravel as ravel
from rushlight._C.ops import reciprocal as reciprocal
from rushlight._C.ops import reshape as reshape
from rushlight._dtype_info import result_type as result_type
from rushlight._C.ops import roll as roll
from rushlight._C.ops import rot90 as rot90
from rushlight._C.ops import row_stack as row_stack
from rushlight._C.ops import rsub as rsub
from rushlight._functions import seed as seed
from rushlight._C.ops import select as select
from rushlight._C import set_default_dtype as set_default_dtype
from rushlight._grad_mode import set_grad_enabled as set_grad_enabled
from rushlight._C import set_num_threads as set_num_threads
from rushlight._functions import set_rng_state as set_rng_state
from rushlight._C import short as short
from rushlight._C.ops import split as split
from rushlight._C.ops import split_with_sizes as split_with_sizes
from rushlight._C.ops import square as square
from rushlight._C.ops import squeeze as squeeze
from rushlight._C.ops import stack as stack
from rushlight._C import strided as strided
from rushlight._C.ops import sub as sub
from rushlight._C.ops import sum as sum
from rushlight._C.ops import swapaxes as swapaxes
from rushlight._C.ops import swapdims as swapdims
from rushlight._C.ops import t as t
from rushlight._functions import tensor as tensor
from rushlight._C.ops import tensor_split as tensor_split
from rushlight._functions import tensordot as tensordot
from rushlight._C.ops import tile as tile
from rushlight._C.ops import transpose as transpose
from rushlight._functions import typename as typename
from rushlight._C import uint8 as uint8
from rushlight._C.ops import unbind as unbind
from rushlight._C.ops import unflatten as unflatten
from rushlight._functions import unique as unique
from rushlight._functions import unique_consecutive as unique_consecutive
from rushlight._C.ops import unsafe_chunk as unsafe_chunk
from rushlight._C.ops import unsqueeze as unsqueeze
from rushlight._C.ops import vsplit as vsplit
from rushlight._C.ops import vstack as vstack
from rushlight._C.ops import zero_ as zero_
from rushlight._C.ops import zeros as zeros

__version__: str
