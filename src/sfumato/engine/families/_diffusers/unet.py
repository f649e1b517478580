"""A look through Stable Diffusion's UNet: from sigmas to its timesteps, and from what it answers to clean latents.

Rombach et al. 2022, https://arxiv.org/abs/2112.10752. The network was trained on x / sqrt(1 + sigma^2), which has unit
spread, and on whole timesteps; between two of them it is asked at the place where log sigma lies.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import Tensor

from sfumato.core.card import Noise
from sfumato.engine.families._diffusers.beside import Helpers
from sfumato.engine.families._diffusers.folder import Folder
from sfumato.engine.families._diffusers.place import Place
from sfumato.engine.painting import Latent, Row
from sfumato.engine.schedules import Training


class Unet:
    """noise: what it was trained with, as the model's card states it. network: diffusers' own.

    helpers: what steers it from beside.
    """

    def __init__(self, folder: Folder, place: Place, noise: Noise):
        self.network = folder.network("unet", UNet2DConditionModel, place)
        self.helpers = Helpers(self.network, place)
        self._place = place
        self._log_sigmas = np.log(Training(**noise.model_dump(exclude={"prediction"})).table())
        self._answers_v = noise.prediction == "v"

    @torch.inference_mode()
    def look(self, rows: Sequence[Row], states: Tensor, added: Mapping[str, Any] | None = None) -> list[Latent]:
        """rows: with the same beside all of them. states: (rows, pieces, size) of the texts.

        added: conditions that go with them (Stable Diffusion XL's).
        """
        sigmas = np.array([row.sigma for row in rows])
        x = np.stack([row.x for row in rows])
        level = sigmas[:, None, None, None].astype(np.float32)
        size = np.sqrt(1 + level**2)
        seen = torch.from_numpy(x / size).to(self._place.device, self._place.dtype)
        time = torch.from_numpy(self._timesteps(sigmas)).to(self._place.device)
        beside = self.helpers.answers(rows[0].text.beside, rows[0].sigma, seen, time, states, added)
        answer = self.network(seen, time, encoder_hidden_states=states, return_dict=False, **beside)[0]
        answer = answer.float().cpu().numpy()
        clean = x / size**2 - answer * level / size if self._answers_v else x - level * answer
        return list(clean)

    def _timesteps(self, sigmas: np.ndarray) -> np.ndarray:
        found = np.interp(np.log(sigmas), self._log_sigmas, np.arange(len(self._log_sigmas)))
        whole = found.round()
        near = np.abs(found - whole) < NEARLY_WHOLE
        return np.where(near, whole, found).astype(np.float32)


NEARLY_WHOLE = 1e-4  # a timestep that was made a sigma and back is off by about a millionth of it
