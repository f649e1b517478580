"""What there is to compute on; run as a program, it says so as JSON."""

import json
import os
from dataclasses import dataclass

import torch

FLOAT8_FROM = (8, 9)  # the compute capability from which on a GPU multiplies 8-bit floats


@dataclass(frozen=True)
class Machine:
    """A device. memory: of it, bytes; computer: of the computer that it is in. float8: it multiplies 8-bit floats."""

    device: torch.device
    name: str
    memory: float
    dtype: torch.dtype
    float8: bool = False
    computer: float = float("inf")

    @property
    def kind(self) -> str:
        return self.device.type


def machine() -> Machine:
    """A GPU where there is one, in bf16 or, if it has none, fp16; else the processor, which is fastest in fp32."""
    computer = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 16e9
    if torch.cuda.is_available():
        dtype = torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
        about = torch.cuda.get_device_properties(0)
        return Machine(torch.device("cuda"), about.name, about.total_memory, dtype, _multiplies_float8(), computer)
    if torch.backends.mps.is_available():
        return Machine(torch.device("mps"), "this Mac", computer * 0.7, torch.bfloat16)
    return Machine(torch.device("cpu"), "the processor", computer, torch.float32, float8=True)


def _multiplies_float8() -> bool:
    return torch.cuda.get_device_capability(0) >= FLOAT8_FROM


if __name__ == "__main__":
    found = machine()
    print(json.dumps({"memory": round(found.memory), "gpu": found.kind == "cuda"}))
