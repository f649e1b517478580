"""The table, and each step's share of the counted limit."""

from typing import Any

from benchmarks.gpu.timing import Record

STEP_TFLOP = {"FLUX.1": 74.4, "SDXL": 281 / 20}
"""Of a step at 1024 x 1024, counted on the meta device: FLUX.1 with 512 text tokens, both rows of SDXL's guidance."""
DENSE_BF16 = 989.0  # TFLOP/s, an H100's datasheet


def shares(record: Record) -> None:
    """What a step would take if all of it ran as quickly as the plain product did in the same rounds."""
    rows = record.said["rows"]
    for title, tflop in STEP_TFLOP.items():
        product = rows.get(f"{title}: bf16 product of 8192 x 8192", {}).get("step_ms")
        if not product or "smoke" in record.said:
            continue
        ceiling = 2 * 8192**3 / 1e9 / product["median"]
        record.said[f"{title}_ceiling_tflops"] = ceiling
        for name, row in rows.items():
            if name.startswith(f"{title}: ") and "step_ms" in row and "product" not in name:
                rate = tflop / row["step_ms"]["median"] * 1e3
                row["share_of_measured_product"], row["share_of_datasheet"] = rate / ceiling, rate / DENSE_BF16
    record.write()


def table(record: Record) -> None:
    """The medians of all rows, with their spread."""
    print(f"\n{record.said['device']}, torch {record.said['torch']}, {record.said['date']}")
    for name, row in record.said["rows"].items():
        print(f"  {name:52} {'; '.join(f'{key} {_cell(value)}' for key, value in row.items())}")
    for name, why in record.said["failed"].items():
        print(f"  FAILED {name}: {why}")


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return f"{value['median']:.1f} ({value['least']:.1f}-{value['most']:.1f})"
    return "-" if value is None else f"{value:.3g}"
