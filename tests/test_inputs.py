"""The pictures that others start from."""

from pathlib import Path

import pytest
from PIL import Image

from sfumato.core.errors import RequestError
from sfumato.library.inputs import Inputs


def test_a_file_that_is_gone_is_told_as_such_though_its_picture_is_at_hand(tmp_path: Path):
    inputs = Inputs(tmp_path)
    digest = inputs.keep(Image.new("RGBA", (4, 4), "red"))
    inputs(digest)
    assert inputs.file(digest).startswith(b"\x89PNG")
    inputs.delete(digest)
    with pytest.raises(RequestError, match="begin with its file again"):
        inputs.file(digest)
