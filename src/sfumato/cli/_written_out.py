"""Options that several commands share, said once: a parameter whose type is a dataclass stands for all of its fields.

    def command(picture: Path, wishes: Wishes, saving: Saving) -> None: ...

Typer reads a command's options from its signature, and wants them one by one there. So each field of such a dataclass
becomes an option, as if it stood in the signature, and the command gets the dataclass, filled.
"""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, get_type_hints


def written_out(command: Callable[..., None]) -> Callable[..., None]:
    """The command as Typer wants it."""
    asked = signature(command, eval_str=True).parameters.values()
    shared: dict[str, Any] = {one.name: one.annotation for one in asked if is_dataclass(one.annotation)}
    alone = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in asked if one.name not in shared]
    options = [option for kind in shared.values() for option in options_of(kind)]

    @wraps(command)
    def called(**given: Any) -> None:
        for name, kind in shared.items():
            given[name] = kind(**{field.name: given.pop(field.name) for field in fields(kind)})
        command(**given)

    called.__dict__["__signature__"] = Signature([*alone, *options])
    return called


def options_of(kind: type[Any]) -> list[Parameter]:
    """The fields of a dataclass as parameters; their types say what Typer is to make of them."""
    types = get_type_hints(kind, include_extras=True)
    return [
        Parameter(field.name, Parameter.KEYWORD_ONLY, default=field.default, annotation=types[field.name])
        for field in fields(kind)
    ]
