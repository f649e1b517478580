"""Make Pocket quick, in two stages after training.flow; each can be stopped and goes on from its last checkpoint.

    OMP_WAIT_POLICY=PASSIVE python -m training.distil guidance --from training/cache/flow/NAME/transformer --minutes 10
    OMP_WAIT_POLICY=PASSIVE python -m training.distil turbo --minutes 12

guidance: the student takes the strength of guidance as a number and answers what the teacher's two looks would come to
(Meng et al. 2023, https://arxiv.org/abs/2210.03142); half the cost a step. Writes cache/guided, a diffusers folder.

turbo: low-rank additions to the guided student, which make its path from noise to picture nearly straight: it learns
from pairs of noise and the picture that the student itself paints from it (reflow: Liu et al. 2022,
https://arxiv.org/abs/2209.03003). Then four steps do. Writes cache/turbo.safetensors.
"""

import argparse
from pathlib import Path

import torch
from diffusers import FluxTransformer2DModel
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import save_file
from torch import Tensor

from training.data import CACHE
from training.flow import optimisers
from training.loop import Loop, arguments, device, size
from training.material import Material
from training.tokens import look, paint

STRENGTHS = (1.0, 6.0)  # of guidance, that the student learns
USUAL = 3.0  # the strength that turbo begins with and keeps
RANK = 8


def guided(config: dict, state: dict[str, Tensor]) -> FluxTransformer2DModel:
    """The teacher with an input for guidance that does nothing yet."""
    student = FluxTransformer2DModel.from_config({**config, "guidance_embeds": True})
    student.load_state_dict(state, strict=False)
    torch.nn.init.zeros_(student.time_text_embed.guidance_embedder.linear_2.weight)
    torch.nn.init.zeros_(student.time_text_embed.guidance_embedder.linear_2.bias)
    return student.float()


def distil_guidance(args: argparse.Namespace) -> None:
    material, out = Material(args.side, args.autoencoder, args.scenes), CACHE / "guided-run"
    teacher = FluxTransformer2DModel.from_pretrained(args.source).float().to(device()).eval().requires_grad_(False)
    student = guided(dict(teacher.config), teacher.state_dict()).to(device()).train()

    def keep() -> None:
        averaged = FluxTransformer2DModel.from_config(student.config).to(device())
        averaged.load_state_dict(loop.average)
        averaged.eval().half().save_pretrained(CACHE / "guided")
        material.show(averaged.float(), out / "sheet.png", USUAL, 16, embedded=True)

    loop = Loop(out, student, optimisers(student, args.lr), args, keep)
    empty = material.nothing(args.batch)
    for _ in loop:
        clean, text = material.draw(args.batch)
        noise = torch.randn_like(clean)
        t = torch.sigmoid(torch.randn(args.batch, device=clean.device) + 0.2)
        x = torch.lerp(clean, noise, t[:, None, None])
        low, high = STRENGTHS
        w = low + (high - low) * torch.rand(args.batch, device=clean.device)
        w[: args.batch // 5] = 1.0  # the text alone must stay exact: negative prompts are built on it
        with torch.no_grad():
            with_text, without = (look(teacher, x, t, said, material.ids) for said in (text, empty))
            wanted = without + w[:, None, None] * (with_text - without)
        error = look(student, x, t, text, material.ids, w) - wanted
        relative = (error**2).mean((1, 2)) / (wanted**2).mean((1, 2))
        loop.step(relative.mean(), args.batch)


def distil_turbo(args: argparse.Namespace) -> None:
    material, out = Material(args.side, args.autoencoder, args.scenes), CACHE / "turbo-run"
    out.mkdir(exist_ok=True)
    model = FluxTransformer2DModel.from_pretrained(CACHE / "guided").float().to(device()).requires_grad_(False)
    start, end, states, pooled = pairs(model, material, out / "pairs.pt", args)
    names = [name for name, part in model.named_modules() if isinstance(part, torch.nn.Linear)]
    model.add_adapter(LoraConfig(r=RANK, lora_alpha=RANK, target_modules=names, init_lora_weights=True))
    test = slice(0, 256)

    def keep() -> None:
        now = {name: value.detach().clone() for name, value in loop.trained.items()}
        model.load_state_dict(loop.average, strict=False)
        tensors = get_peft_model_state_dict(model)
        save_file(
            {f"transformer.{name}": value.half().cpu().contiguous() for name, value in tensors.items()},
            CACHE / "turbo.safetensors",
            {"base_model": "pocket", "rank": str(RANK), "alpha": str(RANK)},
        )
        text = states[test].float(), pooled[test].float()
        for steps in (4, 2, 1):
            made = paint(model, start[test].float(), text, material.ids, USUAL, steps)
            off = ((made - end[test].float()) ** 2).mean() / (end[test].float() ** 2).mean()
            loop.log(f"{steps} steps: relative error {float(off.sqrt()):.3f}")
        material.show(model, out / "sheet.png", USUAL, 4, embedded=True)
        model.load_state_dict(now, strict=False)

    adapted = [value for value in model.parameters() if value.requires_grad]
    loop = Loop(out, model, [torch.optim.AdamW(adapted, lr=args.lr, weight_decay=0.0, betas=(0.9, 0.98))], args, keep)
    usual = torch.full((args.batch,), USUAL, device=device())
    four = torch.tensor([1.0, 0.75, 0.5, 0.25], device=device())
    for _ in loop:
        chosen = torch.randint(256, len(start), (args.batch,), device=device())
        x1, x0 = start[chosen].float(), end[chosen].float()
        text = states[chosen].float(), pooled[chosen].float()
        steps = four[torch.randint(4, (args.batch,), device=device())]
        anywhere = 0.02 + 0.98 * torch.rand(args.batch, device=device())
        t = torch.where(torch.rand(args.batch, device=device()) < 0.75, steps, anywhere)
        x = torch.lerp(x0, x1, t[:, None, None])
        error = look(model, x, t, text, material.ids, usual) - (x1 - x0)
        loop.step((error**2).mean(), args.batch)


def pairs(model, material: Material, file: Path, args: argparse.Namespace) -> list[Tensor]:
    """Noise, the picture it becomes in 16 steps of usual guidance, and the text, of args.pairs draws; fp16."""
    if file.exists():
        return torch.load(file, map_location=device(), weights_only=True)
    made, at_once = [], min(args.pairs, 2048 if device() == "cuda" else 128)
    for i in range(0, args.pairs, at_once):
        clean, text = material.draw(at_once)
        noise = torch.randn_like(clean)
        end = paint(model, noise, text, material.ids, USUAL, 16)
        made.append([part.half() for part in (noise, end, *text)])
        if i % (8 * at_once) == 0:
            print(f"pairs {i}/{args.pairs}", flush=True)
    whole = [torch.cat(parts) for parts in zip(*made, strict=True)]
    if device() == "cpu":
        torch.save(whole, file)
    return whole


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    stages = parser.add_subparsers(dest="stage", required=True)
    stage = stages.add_parser("guidance")
    stage.add_argument("--from", dest="source", type=Path, required=True, help="the teacher, as training.flow wrote it")
    size(stage)
    arguments(stage, minutes=10, lr=3e-4, batch=64)
    stage.set_defaults(run=distil_guidance)
    stage = stages.add_parser("turbo")
    size(stage)
    stage.add_argument("--pairs", type=int, default=6144, help="of noise and picture, painted by the student")
    arguments(stage, minutes=12, lr=1e-3, batch=96)
    stage.set_defaults(run=distil_turbo)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    args.run(args)
