"""What a map will cost, and stopping before it costs too much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mirascope_nb import llm
from mirascope_nb.parallel.tally import dollars

__all__ = ["Budget", "Estimate", "UnknownPriceError", "estimate_tokens", "price"]

CHARACTERS_A_TOKEN = 3.5
TOKENS_A_MESSAGE = 8
TOKENS_AN_ATTACHMENT = 1_000
USUAL_OUTPUT = 256
"""Tokens of a reply, where neither a limit nor an earlier reply says more."""
MOST_OUTPUT = 2_048
"""Tokens that are set aside for a reply of which nothing is known."""
MARGIN = Decimal("1.5")
"""What the dearest reply so far is multiplied by to be set aside for the next."""


class UnknownPriceError(ValueError):
    """A budget cannot be kept, since it is not known what a row costs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """What a map would do, without having sent anything."""

    rows: int
    restored: int
    """Rows that the journal has already."""
    input_tokens: int | None
    """`None` for a function, of which it is not known what it asks."""
    output_tokens: int | None
    cost: Decimal | None
    """US dollars; `None` if the price is not known."""
    model: str | None

    def __repr__(self) -> str:
        words = [f"{self.rows:,} rows"]
        if self.restored:
            words.append(f"{self.restored:,} of them in the journal")
        if self.model:
            words.append(self.model)
        if self.input_tokens is not None:
            words.append(f"about {self.input_tokens:,} tokens in, {self.output_tokens:,} out")
        amount = dollars(self.cost)
        words.append("cost unknown" if amount is None else f"about ${amount}")
        return f"<Estimate: {' · '.join(words)}>"


class Budget:
    """Sets money aside for the rows that run, so that the sum never passes the limit.

    For the first rows that is what they can cost at most, later what their prompt costs and what
    the dearest reply did, and half as much again. What failed attempts cost is not known.
    """

    def __init__(self, limit: Decimal) -> None:
        """Begin with nothing spent.

        Args:
            limit: US dollars.
        """
        self.limit = limit
        self.spent = Decimal(0)
        self._prompts: dict[int, Decimal] = {}
        self._most: dict[int, Decimal] = {}
        self._aside: dict[int, Decimal] = {}
        self._sum_aside = Decimal(0)
        self._dearest: Decimal | None = None

    def expect(self, index: int, *, prompt: Decimal, most: Decimal) -> None:
        """Note what a row costs by its prompt alone, and what it can cost at most."""
        self._prompts[index] = prompt
        if self._dearest is None:
            self._most[index] = most

    def admit(self, index: int) -> bool:
        """Set money aside for a row, if there is enough."""
        aside = self._next(index)
        if self.spent + self._sum_aside + aside > self.limit:
            return False
        self._aside[index] = aside
        self._sum_aside += aside
        return True

    def _next(self, index: int) -> Decimal:
        if self._dearest is not None:
            return self._prompts.get(index, Decimal(0)) + self._dearest * MARGIN
        most = self._most.get(index)
        # A function's first row: nothing is known, so it runs alone.
        return most if most is not None else self.limit if not self._aside else self.limit + 1

    def settle(self, index: int, result: Any, *, failed: bool) -> None:
        """Note what a row has cost.

        Raises:
            UnknownPriceError: If it has succeeded and that is not known.
        """
        self._sum_aside -= self._aside.pop(index, Decimal(0))
        prompt = self._prompts.pop(index, Decimal(0))
        self._most.pop(index, None)
        if failed:
            return
        cost = getattr(result, "cost", None)
        if not isinstance(cost, Decimal):
            raise UnknownPriceError(
                "max_cost cannot be kept: the results do not say what they cost. "
                "Return the response itself, of a model whose price is known."
            )
        self.spent += cost
        self._dearest = max(self._dearest or Decimal(0), cost - prompt, Decimal(0))


def estimate_tokens(messages: Sequence[llm.Message]) -> int:
    """About how many tokens a conversation has."""
    tokens = 0.0
    for message in messages:
        tokens += TOKENS_A_MESSAGE
        content = message.content
        for part in [content] if isinstance(content, llm.Text) else content:
            text = getattr(part, "text", None) or getattr(part, "args", None)
            if isinstance(text, str):
                tokens += len(text) / CHARACTERS_A_TOKEN
            else:
                tokens += TOKENS_AN_ATTACHMENT
    return round(tokens)


def price(model: llm.Model, input_tokens: int, output_tokens: int) -> Decimal | None:
    """US dollars of so many tokens, or `None` if the price is not known."""
    reply = llm.Response(
        raw=None,
        provider_id=model.provider_id,
        model_id=model.model_id,
        provider_model_name=model.model_id.partition("/")[2],
        params={},
        input_messages=[],
        assistant_message=llm.AssistantMessage(
            content=[], provider_id=None, model_id=None, provider_model_name=None, raw_message=None
        ),
        finish_reason=None,
        usage=llm.Usage(input_tokens=input_tokens, output_tokens=output_tokens),
    )
    return reply.cost
