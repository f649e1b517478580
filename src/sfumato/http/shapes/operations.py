"""What can be done, as data: every operation with the fields that an order of it may have, and the finishing steps."""

import inspect
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from sfumato.finishing import finishers
from sfumato.http.desk import Desk
from sfumato.http.shapes import Shape
from sfumato.http.shapes.native import PREFIX, PROBLEMS, error
from sfumato.http.shapes.orders import OrderBody
from sfumato.operations import operations
from sfumato.planning.checks import some_fields

OF_A_MASK = {"mask_polarity", "mask_box"}


class OperationBody(BaseModel):
    """about: one line. needs: of these a model's card has to list one. begins, masked: with a picture, with a mask.

    keeps: whether a part is held to not changing, and counted. wordless: whether the prompt may be empty. cut_out:
    whether a start that is opaque is cut out first. order: JSON Schema of the orders that name it.
    """

    name: str
    about: str
    needs: list[str]
    begins: bool
    masked: bool
    keeps: bool
    wordless: bool
    cut_out: bool
    order: dict[str, Any]


class StepBody(BaseModel):
    """A finishing step; about: what it takes behind the colon."""

    name: str
    about: str


class Doings(BaseModel):
    """All that can be done."""

    operations: list[OperationBody]
    steps: list[StepBody]


def router(desk: Desk) -> APIRouter:
    """One route."""
    routes = APIRouter(tags=["native"], responses=PROBLEMS)

    @routes.get("/operations", summary="What can be done: operations with their orders' fields, finishing steps")
    def all_operations() -> Doings:
        steps = [StepBody(name=name, about=about(finishers[name].apply)) for name in finishers.names()]
        return Doings(operations=[described(name) for name in operations.names()], steps=steps)

    return routes


def described(name: str) -> OperationBody:
    operation = operations[name]
    takes = operation.takes | (OF_A_MASK if "mask" in operation.takes else set())
    whole = OrderBody.model_json_schema()
    fields = {
        field: said
        for field, said in whole["properties"].items()
        if field in takes or field not in some_fields() | OF_A_MASK
    }
    fields["operation"] = {"const": name}
    required = [] if name == OrderBody.model_fields["operation"].default else ["operation"]
    order = {"type": "object", "properties": fields, "required": [*required, "prompt"], "additionalProperties": False}
    return OperationBody(
        name=name, about=about(operation.paint), needs=sorted(operation.needs), begins="start" in takes,
        masked="mask" in takes, keeps=operation.ground is not None,
        wordless=operation.wordless, cut_out=operation.cut_out, order=order,
    )  # fmt: skip


def about(function: Callable[..., Any]) -> str:
    """The first line of the file that it stands in."""
    module = inspect.getmodule(function)
    return (module.__doc__ or "").strip().partition("\n")[0] if module else ""


PART = Shape(PREFIX, router, error, "application/problem+json")
