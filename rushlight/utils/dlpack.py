"""DLPack exchange, by the names of ``torch.utils.dlpack``."""

from __future__ import annotations

from enum import IntEnum

from rushlight._C import to_dlpack
from rushlight._functions import from_dlpack

__all__ = ["DLDeviceType", "from_dlpack", "to_dlpack"]


class DLDeviceType(IntEnum):
    """Kinds of devices, by the numbers of the DLPack standard."""

    kDLCPU = 1
    kDLCUDA = 2
    kDLCPUPinned = 3
    kDLOpenCL = 4
    kDLVulkan = 7
    kDLMetal = 8
    kDLVPI = 9
    kDLROCM = 10
    kDLExtDev = 12
    kDLOneAPI = 14
