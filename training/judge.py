"""A judge of pictures that Pocket never learned from: does this picture show these words?

    OMP_WAIT_POLICY=PASSIVE python -m training.judge --minutes 20

Two towers give vectors of one length, and the vectors of a picture and of its caption learn to lie together (CLIP,
Radford et al. 2021, https://arxiv.org/abs/2103.00020). The picture tower is a small residual network on 64 x 64
premultiplied RGBA. The text tower is MiniLM's pooled vector, left as it is, and a small network on it.

It learns from the drawings as their makers drew them, from their recoloured copies ("blue car") and from those in
coarse pixels, all without the held-out style x title pairs. Nothing of it is used in training Pocket: what it finds,
Pocket was not taught to show it. Writes training/cache/judge/: `judge.safetensors`, `resume.pt`, `texts.npz` (vectors
of captions), `log.txt`. Run the same command again to go on where it stopped; with more minutes, after its end.
"""

import argparse
import time
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from training.captions import captions
from training.data import CACHE, Picture, held_out, load
from training.text import load_encoder, teacher_folder, tokenize

FOLDER = CACHE / "judge"
SIDE = 64
WIDTH = 256  # of the vectors that are compared
LEARNED_FROM = {"", "hue", "pixel"}  # of Picture.made


class Judge:
    """Likeness of pictures and texts. Vectors have length 1, so that a product of two is their likeness, -1 to 1."""

    def __init__(self, towers: "Towers", words: "Words"):
        self.towers, self.words = towers.eval(), words

    @classmethod
    def load(cls, folder: Path = FOLDER) -> "Judge":
        if not (folder / "judge.safetensors").exists():
            raise SystemExit("there is no judge yet: train one with python -m training.judge --minutes 20")
        towers = Towers()
        towers.load_state_dict(load_file(folder / "judge.safetensors"))
        return cls(towers, Words(folder))

    @torch.inference_mode()
    def pictures(self, pixels: np.ndarray) -> np.ndarray:
        """Vectors of pictures, uint8 (n, side, side, 4), premultiplied; each seen as it is and mirrored."""
        seen = torch.cat([at_side(pixels[i : i + 250]) for i in range(0, len(pixels), 250)])
        made = torch.cat([self.towers.picture(x) + self.towers.picture(x.flip(-1)) for x in seen.split(250)])
        return F.normalize(made, dim=-1).numpy()

    @torch.inference_mode()
    def texts(self, texts: list[str]) -> np.ndarray:
        return F.normalize(self.towers.text(self.words(texts)), dim=-1).numpy()


class Towers(nn.Module):
    """picture: (n, 4, 64, 64) in 0..1; text: MiniLM's pooled vectors (n, 384); both to (n, WIDTH), of any length."""

    def __init__(self) -> None:
        super().__init__()
        self.picture = nn.Sequential(
            nn.PixelUnshuffle(4), block(64, 64), Residual(64), block(64, 128, 2), Residual(128), block(128, 256, 2),
            Residual(256), nn.Flatten(), nn.Linear(256 * 16, WIDTH),
        )  # fmt: skip
        self.text = nn.Sequential(nn.Linear(384, 768), nn.GELU(), nn.Dropout(0.1), nn.Linear(768, WIDTH))
        self.sharpness = nn.Parameter(torch.tensor(2.5))  # log of the factor on likenesses

    def forward(self, pictures: Tensor, texts: Tensor) -> Tensor:
        """Likeness of every picture with every text, times the sharpness."""
        seen, said = F.normalize(self.picture(pictures), dim=-1), F.normalize(self.text(texts), dim=-1)
        return self.sharpness.exp().clamp(max=60) * seen @ said.T


def block(given: int, made: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(given, made, 3, stride, 1, bias=False), nn.BatchNorm2d(made), nn.ReLU())


class Residual(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.inner = block(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)


class Words:
    """Texts to MiniLM's pooled vectors; what was read once is kept in `texts.npz`."""

    def __init__(self, folder: Path):
        self.file, self.number, self.vectors, self.encoder = (
            folder / "texts.npz",
            {},
            np.zeros((0, 384), np.float16),
            None,
        )
        if self.file.exists():
            kept = np.load(self.file)
            self.number, self.vectors = {text: i for i, text in enumerate(kept["texts"].tolist())}, kept["vectors"]

    @torch.no_grad()
    def __call__(self, texts: list[str]) -> Tensor:
        if new := sorted(set(texts) - self.number.keys(), key=len):  # by length: little padding
            self.encoder = self.encoder or load_encoder(teacher_folder())
            model, tokenizer = self.encoder
            made = [model(*tokenize(tokenizer, new[i : i + 256]))[1] for i in range(0, len(new), 256)]
            self.number |= {text: len(self.number) + i for i, text in enumerate(new)}
            self.vectors = np.concatenate([self.vectors, F.normalize(torch.cat(made), dim=-1).half().numpy()])
        return torch.from_numpy(self.vectors[[self.number[text] for text in texts]]).float()

    def keep(self) -> None:
        part = self.file.with_suffix(".part")
        with part.open("wb") as out:
            np.savez(out, texts=np.array(list(self.number)), vectors=self.vectors)
        part.replace(self.file)


def at_side(pixels: np.ndarray) -> Tensor:
    """uint8 (n, side, side, 4) to float (n, 4, 64, 64) in 0..1; larger pictures by averages, smaller ones enlarged."""
    times, rest = divmod(pixels.shape[1], SIDE)
    if rest == 0:  # torch's own averages take six times as long
        parts = product(range(times), repeat=2)
        sums = sum(pixels[:, y::times, x::times].astype(np.float32) for y, x in parts)
        return torch.from_numpy(sums / (255 * times**2)).permute(0, 3, 1, 2)
    filter = Image.Resampling.BOX if times else Image.Resampling.BICUBIC
    images = [Image.fromarray(np.ascontiguousarray(p), "RGBa") for p in pixels]
    resized = [np.asarray(image.resize((SIDE, SIDE), filter)) for image in images]
    return torch.from_numpy(np.stack(resized)).permute(0, 3, 1, 2).float() / 255


# ---- counting


def places(likeness: np.ndarray, own: np.ndarray) -> np.ndarray:
    """At which place, 1 being the likest, the candidate `own` comes among all; likeness: (n, candidates).

    Of equals the own one comes last, so that a judge who cannot tell them apart finds nothing.
    """
    return (likeness >= np.take_along_axis(likeness, own[:, None], 1)).sum(1)


def top(found: np.ndarray) -> dict[str, float]:
    """The shares of places that are the first, and among the first ten."""
    return {"top_1": round(float((found == 1).mean()), 3), "top_10": round(float((found <= 10).mean()), 3)}


def commonest(rows: list[Picture], most: int = 1000) -> list[str]:
    """The titles drawn by the most hands, each title of things that people ask for: what a picture is found among."""
    hands = Counter({(row.title, row.source) for row in rows if row.made == "" and row.weight == 1.0})
    count = Counter(title for title, _ in hands)
    return sorted(sorted(count), key=lambda title: -count[title])[:most]


def real_held_out(judge: Judge, pixels: np.ndarray, rows: list[Picture]) -> dict[str, float]:
    """How often the judge finds real drawings of held-out pairs among the commonest titles, style words and all."""
    titles = commonest(rows)
    number = {title: i for i, title in enumerate(titles)}
    test = [i for i, r in enumerate(rows) if r.made == "" and held_out(r) and r.title in number]
    found = []
    for style in sorted({rows[i].style for i in test}):
        own = [i for i in test if rows[i].style == style]
        likeness = judge.pictures(pixels[own]) @ judge.texts([f"{title}, {style} style" for title in titles]).T
        found.append(places(likeness, np.array([number[rows[i].title] for i in own])))
    return top(np.concatenate(found)) | {"n": len(test)}


# ---- learning


def disturbed(x: Tensor, rng: torch.Generator) -> Tensor:
    """Pictures (n, 4, 64, 64) as they might be painted: moved, mirrored, softer, of another shade, on a ground."""
    n = len(x)

    def draw(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(n, *shape, generator=rng)

    size = 1 / draw(0.8, 1.1)
    turn = torch.zeros(n, 2, 3)
    turn[:, 0, 0], turn[:, 1, 1] = size * torch.where(draw(0, 1) < 0.5, -1.0, 1.0), size
    turn[:, :, 2] = draw(-0.15, 0.15, 2)
    x = F.grid_sample(x, F.affine_grid(turn, list(x.shape), align_corners=False), align_corners=False)
    for share in 0.5, 0.25:
        soft = torch.rand(n, generator=rng) < share
        x[soft] = softer(x[soft])
    rgb, alpha = x[:, :3], x[:, 3:]
    mixed = torch.eye(3) * draw(0.85, 1.1, 1, 1) + 0.04 * torch.randn(n, 3, 3, generator=rng)
    rgb = torch.einsum("nij,njhw->nihw", mixed, rgb).clamp(min=0).minimum(alpha)
    ground = draw(0, 1, 3, 1, 1)
    opaque = draw(0, 1, 1, 1, 1) < 0.25
    return torch.cat([torch.where(opaque, rgb + (1 - alpha) * ground, rgb), torch.where(opaque, 1.0, alpha)], 1)


def softer(x: Tensor) -> Tensor:
    """Averages of 3 x 3 pixels, but at the edge; sums of moved copies are four times as fast as torch's pooling."""
    for axis in 2, 3:
        inner, size = x.clone(), x.shape[axis]
        inner.narrow(axis, 1, size - 2).add_(x.narrow(axis, 0, size - 2)).add_(x.narrow(axis, 2, size - 2)).div_(3)
        x = inner
    return x


def distance(likeness: Tensor, same: Tensor) -> Tensor:
    """Cross entropy both ways. likeness: (pictures, texts), the first texts being the pictures' own, in order.

    same: texts of other pictures that are true of this one too.
    """
    likeness = likeness.masked_fill(same, -torch.inf)
    n, own = len(likeness), torch.arange(len(likeness))
    return (F.cross_entropy(likeness, own) + F.cross_entropy(likeness[:, :n].T, own)) / 2


def alike(rows: list[Picture], pictures: np.ndarray, others: np.ndarray, texts: list[str]) -> Tensor:
    """Which texts of others are true of each picture too, and so are no counterexamples.

    Those of the same title, or of a copy under its colour's name; but not if they name another style.
    """

    def of(name: str) -> np.ndarray:
        a, b = (np.array([getattr(rows[i], name) for i in chosen]) for chosen in (pictures, others))
        return a[:, None] == b

    styled = np.array([text.endswith(f", {rows[i].style} style") for i, text in zip(others, texts, strict=True)])
    same = (of("title") | (of("key") & ~of("made"))) & (of("style") | ~styled)
    same[np.arange(len(pictures)), np.arange(len(pictures))] = False  # a picture's own text is the right one
    return torch.from_numpy(same)


def train(args: argparse.Namespace) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    pixels, rows = load()
    kept = np.array([i for i, row in enumerate(rows) if row.made in LEARNED_FROM and not held_out(row)])
    said = {i: captions(rows[i]) for i in kept}
    words = Words(FOLDER)
    texts = sorted({text for choices in said.values() for text, _ in choices} | {rows[i].title for i in kept})
    print(f"{len(kept)} pictures, {len(texts)} captions", flush=True)
    words(texts), words.keep()

    towers = Towers().train().to(memory_format=torch.channels_last)
    average = {k: v.detach().clone() for k, v in towers.state_dict().items()}
    optimiser = torch.optim.AdamW(towers.parameters(), lr=args.lr, weight_decay=0.05)
    spent, step = 0.0, 0
    if (checkpoint := FOLDER / "resume.pt").exists():
        saved = torch.load(checkpoint, weights_only=True)
        towers.load_state_dict(saved["towers"]), optimiser.load_state_dict(saved["optimiser"])
        average, spent, step = saved["average"], saved["spent"], saved["step"]

    def keep() -> None:
        state = {"towers": towers.state_dict(), "optimiser": optimiser.state_dict(), "average": average}
        part = FOLDER / "resume.part"
        torch.save(state | {"spent": spent, "step": step}, part)
        part.replace(checkpoint)
        save_file({k: v.contiguous() for k, v in average.items()}, part)
        part.replace(FOLDER / "judge.safetensors")

    def log(line: str) -> None:
        print(line, flush=True)
        with (FOLDER / "log.txt").open("a") as file:
            file.write(line + "\n")

    def caption(i: int) -> str:
        if rng.random() < 0.2:
            return rows[i].title
        texts, shares = zip(*said[i], strict=True)
        return texts[min(np.searchsorted(np.cumsum(shares), rng.random()), len(texts) - 1)]

    rng, noise = np.random.default_rng(step), torch.Generator().manual_seed(step)
    odds = np.array([args.coloured if rows[i].made == "hue" else 1.0 for i in kept])
    odds /= odds.sum()
    total, before, started, kept_at, losses = args.minutes * 60, spent, time.process_time(), time.process_time(), []
    while spent < total:
        for group in optimiser.param_groups:
            group["lr"] = args.lr * min(1, (step + 1) / 100) * min(1, 1.5 * (1 - spent / total))
        shown = np.sort(rng.choice(kept, args.batch, p=odds, replace=False))
        spoken = np.concatenate([shown, rng.choice(kept, args.more_texts, p=odds, replace=False)])
        seen = disturbed(at_side(pixels[shown]), noise).contiguous(memory_format=torch.channels_last)
        heard = [caption(i) for i in spoken]
        loss = distance(towers(seen, words(heard)), alike(rows, shown, spoken, heard))
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(towers.parameters(), 1.0)
        optimiser.step()
        step += 1
        decay = min(0.995, 1 - 1 / (1 + step / 10))
        with torch.no_grad():
            for name, now in towers.state_dict().items():
                average[name] = average[name].lerp(now, 1 - decay) if now.is_floating_point() else now.clone()
        spent = before + time.process_time() - started
        losses.append(loss.item())
        if step % 50 == 0:
            rate = len(losses) * args.batch / (time.process_time() - started)
            log(f"step {step} loss {np.mean(losses[-50:]):.4f} {rate:.0f}/s minutes {spent / 60:.1f}")
        if time.process_time() - kept_at > 120:
            keep()
            kept_at = time.process_time()
    keep()
    log(f"real drawings of held-out pairs, found among 1,000 titles: {real_held_out(Judge.load(), pixels, rows)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20, help="of processor time, in all, over every resumption")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--more-texts", type=int, default=768, help="that a picture is also told apart from")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--coloured", type=float, default=0.4, help="how often a recoloured copy, a real one being 1")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    train(args)
