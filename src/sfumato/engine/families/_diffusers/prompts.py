"""A prompt in pieces, as diffusers' pipelines cut it: one length for all, filled up at the end."""

from typing import Any

from torch import Tensor


def pieces(tokenizer: Any, prompt: str, most: int) -> tuple[Tensor, str]:
    """(ids, int64 (1, most); the end of the prompt that does not fit in). tokenizer: one of transformers'."""
    cut = tokenizer(prompt, padding="max_length", max_length=most, truncation=True, return_tensors="pt").input_ids
    ids = tokenizer(prompt).input_ids
    return cut, tokenizer.decode(ids[most - 1 : -1]).strip() if len(ids) > most else ""
