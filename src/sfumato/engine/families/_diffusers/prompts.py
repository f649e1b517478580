"""A prompt in pieces, as diffusers' pipelines cut it."""

from typing import Any

from torch import Tensor


def pieces(tokenizer: Any, prompt: str, most: int) -> tuple[Tensor, str]:
    """One length for all, filled up: (ids, int64 (1, most); the end of the prompt that does not fit in).

    tokenizer: one of transformers'.
    """
    cut = tokenizer(prompt, padding="max_length", max_length=most, truncation=True, return_tensors="pt").input_ids
    ids = tokenizer(prompt).input_ids
    return cut, tokenizer.decode(ids[most - 1 : -1]).strip() if len(ids) > most else ""


def within(tokenizer: Any, frame: str, prompt: str, most: int) -> tuple[Tensor, str]:
    """A prompt in the words of a chat, of its own length: (ids, int64 (1, n); the end of the prompt beyond `most`).

    frame: the words around it, with `{}` for the prompt. most: pieces in all, those of the frame too.
    """
    ids = tokenizer(frame.format(prompt), truncation=True, max_length=most, return_tensors="pt").input_ids
    own, before = tokenizer(prompt).input_ids, tokenizer(frame.partition("{}")[0]).input_ids
    return ids, tokenizer.decode(own[most - len(before) :]).strip() if ids.shape[1] == most else ""
