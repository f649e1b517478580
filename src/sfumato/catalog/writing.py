"""Cards as TOML files: JSON's strings, numbers and lists are TOML's too; tables are written in one line."""

import json
from collections.abc import Mapping
from typing import Any


def toml(values: Mapping[str, Any]) -> str:
    """Fields, one a line; what is None is left out."""
    return "".join(f"{name} = {_written(value)}\n" for name, value in values.items() if value is not None)


def _written(value: Any) -> str:
    if isinstance(value, dict):
        inside = (f"{json.dumps(name)} = {_written(one)}" for name, one in value.items() if one is not None)
        return "{ " + ", ".join(inside) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
