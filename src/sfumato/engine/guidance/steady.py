"""Guidance that turns predictions and leaves their length: strong guidance without harsh colours.

As Qwen-Image paints (https://arxiv.org/abs/2508.02324): each token's guided prediction is brought to the length of the
one for the text alone.
"""

import numpy as np

from sfumato.engine.painting import Latent, Look

PATCH = 2  # latent places a side of one token
LEAST = 1e-12  # of a length that is divided by


def steadied(look: Look, clean: Latent, unguided: Latent) -> Latent:
    """`clean`, guided, moved so that its prediction in each token is as long as that of `unguided`.

    The prediction is (x - clean) / sigma, as in guidance/rescale.py. Latents: (channels, high, wide), both sides even.
    """
    guided, alone = look.x - clean, look.x - unguided
    return look.x - guided * (lengths(alone) / np.maximum(lengths(guided), LEAST))


def lengths(prediction: Latent) -> Latent:
    """Of each token's numbers, at every place of the token: (high, wide)."""
    high, wide = prediction.shape[-2:]
    squares = (prediction**2).sum(0).reshape(high // PATCH, PATCH, wide // PATCH, PATCH).sum((1, 3))
    return np.sqrt(squares).repeat(PATCH, 0).repeat(PATCH, 1)
