"""From an order to recipes: every blank filled, every value checked against the model's card, before anything loads."""

from sfumato.planning.plan import Plan, plan
from sfumato.planning.recipes import check

__all__ = ["Plan", "check", "plan"]
