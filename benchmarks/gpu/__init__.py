"""FLUX.1 and Stable Diffusion XL at their full size on a GPU: ours beside diffusers, torch.compile and torchao.

python -m benchmarks.gpu --minutes 9 --out folder   # needs a GPU with 80 GB, the torch extra; torchao for its row
python -m benchmarks.gpu --smoke                    # the same rows with tiny models, on any machine
"""
