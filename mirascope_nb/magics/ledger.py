"""Counts what the cells of a session have used, by model."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(slots=True)
class Spent:
    """What one model was used for.

    Attributes:
        calls: Replies, the stopped ones included.
        input: Tokens sent.
        output: Tokens received.
        cost: US dollars, of the replies whose price is known.
        unpriced: How many replies have no known price.
    """

    calls: int = 0
    input: int = 0
    output: int = 0
    cost: Decimal = field(default_factory=Decimal)
    unpriced: int = 0


class Ledger:
    """Spending by model id, in the order of first use."""

    def __init__(self) -> None:
        self.by_model: dict[str, Spent] = {}

    def add(self, response: Any) -> None:
        """Count a reply. What is not known about a stopped one is not counted."""
        spent = self.by_model.setdefault(str(response.model_id), Spent())
        spent.calls += 1
        if response.usage is not None:
            spent.input += response.usage.input_tokens
            spent.output += response.usage.output_tokens
        if response.cost is None:
            spent.unpriced += 1
        else:
            spent.cost += response.cost

    @property
    def total(self) -> Spent:
        """All models together."""
        total = Spent()
        for spent in self.by_model.values():
            total.calls += spent.calls
            total.input += spent.input
            total.output += spent.output
            total.cost += spent.cost
            total.unpriced += spent.unpriced
        return total
