"""Keep what is known: inpainting for every sampler, guidance and model, as a wrapper around a painting.

Each clean picture that the model sees is answered with the known part put into it. On Euler's path that is the same as
putting the known picture, with noise of the level, into x after each step (RePaint, Lugmayr et al. 2022,
https://arxiv.org/abs/2201.09865, without its going back and forth); and it holds for samplers that look twice a step,
remember earlier looks or draw fresh noise, which that does not.
"""

from sfumato.engine.painting import Latent, Painting


def keeping(painting: Painting, known: Latent, free: Latent) -> Painting:
    """free: float32, broadcasting to the latent: 1 where the model paints, 0 where `known` stays."""
    try:
        look = next(painting)
        while True:
            clean = yield look
            look = painting.send(known + free * (clean - known))
    except StopIteration as finished:
        return finished.value
    finally:
        painting.close()
