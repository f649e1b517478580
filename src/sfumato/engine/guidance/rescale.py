"""Guidance makes predictions stronger than any the model was trained on; rescaling brings their spread back.

Section 3.4 of Lin et al. 2023, https://arxiv.org/abs/2305.08891.
"""

from sfumato.engine.painting import Latent, Look


def rescaled(look: Look, clean: Latent, unguided: Latent, part: float) -> Latent:
    """`clean`, guided, moved so that its prediction spreads more like that of `unguided`, the answer to the text alone.

    part: the paper's phi; 0 changes nothing, 1 makes the spreads equal, 0.7 is the paper's choice. The prediction is
    (x - clean) / sigma: the noise in a diffusion model, the velocity in a flow. Its spread is over the whole picture.
    """
    prediction = (look.x - clean) / look.sigma
    wanted = (look.x - unguided) / look.sigma
    factor = part * (wanted.std() / prediction.std()) + (1 - part)
    return look.x - look.sigma * factor * prediction
