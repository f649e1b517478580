"""What families over diffusers share: folders, devices, prompts, the autoencoder. Needs the torch extra."""

from diffusers.utils import logging as of_diffusers
from transformers.utils import logging as of_transformers

for library in (of_diffusers, of_transformers):  # whoever asked for a picture is told by us, not by each library
    library.set_verbosity_error()
    library.disable_progress_bar()
