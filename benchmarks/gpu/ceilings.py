"""What the card can do at most by itself: the products and the attention that a step is made of; and its kernels."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import linear, scaled_dot_product_attention

from benchmarks.gpu.bench import Bench

CHOSEN = "as torch chooses"


def plain_product(bench: Bench) -> None:
    bench.record.row("ceiling: bf16 product", tflops=bench.product_tflop / bench.median_ms(bench.product) * 1e3)


def parts(bench: Bench) -> None:
    """Attention by each kernel, and products in 8 bits."""
    heads, pieces = (2, 64) if bench.smoke else (24, 4608)
    q, k, v = (torch.randn(1, heads, pieces, 128, device=bench.device, dtype=bench.dtype) for _ in range(3))
    tflop = 4 * heads * pieces**2 * 128 / 1e12
    strided = [x.transpose(1, 2).contiguous().transpose(1, 2) for x in (q, k, v)]  # as networks have them

    def attend(name: str) -> None:
        if name == CHOSEN:
            scaled_dot_product_attention(*strided)
            return
        with sdpa_kernel(getattr(SDPBackend, name)):
            scaled_dot_product_attention(*strided)

    def timed(name: str) -> None:
        took = bench.median_ms(partial(attend, name))
        bench.record.row(f"ceiling: {name.lower()}", tflops=tflop / took * 1e3, ms=took)

    for name in ("CUDNN_ATTENTION", "FLASH_ATTENTION", CHOSEN):
        bench.record.guarded(f"ceiling: {name.lower()}", partial(timed, name))
    bench.record.guarded("ceiling: fp8 products", partial(fp8_products, bench))


def fp8_products(bench: Bench) -> None:
    """FLUX's own shapes, by the row as ours rounds, and with one scale a tensor; without rounding what comes in."""
    shapes = [(64, 64, 64)] if bench.smoke else [(4608, 3072, 9216), (4608, 3072, 12288), (4608, 15360, 3072)]
    one = torch.ones((), device=bench.device)
    for rows, inside, outside in shapes:
        wide = torch.randn(rows, inside, device=bench.device, dtype=bench.dtype)
        weight = torch.randn(outside, inside, device=bench.device, dtype=bench.dtype)
        a, b = wide.to(torch.float8_e4m3fn), weight.to(torch.float8_e4m3fn).t()
        scales = torch.ones(rows, 1, device=bench.device), torch.ones(1, outside, device=bench.device)
        by_row = partial(torch._scaled_mm, a, b, *scales, out_dtype=torch.bfloat16, use_fast_accum=True)
        by_tensor = partial(torch._scaled_mm, a, b, one, one, out_dtype=torch.bfloat16, use_fast_accum=True)
        works = {"fp8 by the row": by_row, "fp8 by the tensor": by_tensor, "bf16": partial(linear, wide, weight)}
        for name, work in works.items():
            rate = 2 * rows * inside * outside / 1e9 / bench.median_ms(work)
            bench.record.row(f"ceiling: {name}", **{f"{rows}x{inside}x{outside}_tflops": rate})


def kernels(bench: Bench, name: str, step: Callable[[], object]) -> None:
    """What a step spends the device's time on: the largest, and how long it is busy in all."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as seen:
        step()
    spent: list[tuple[Any, int, str]] = sorted(
        ((e.self_device_time_total / 1e3, e.count, e.key[:90]) for e in seen.key_averages()), reverse=True
    )
    on_card = [row for row in spent if row[0] > 0]
    bench.record.said.setdefault("kernels", {})[name] = on_card[:14]
    for took, times, kernel in on_card[:14]:
        print(f"    {took:8.2f} ms {times:5} x {kernel}")
    bench.record.row(name, busy_ms=sum(row[0] for row in on_card))
