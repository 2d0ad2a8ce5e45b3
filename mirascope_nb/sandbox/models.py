"""The simulator's models: what each of them is like."""

from dataclasses import dataclass

from mirascope_nb.sandbox.faults import limit_of

DESCRIPTIONS: dict[str, str] = {
    "assistant": "answers by rules: short, sensible, always the same",
    "echo": "repeats the last user message exactly",
    "thinker": "like assistant, and thinks first where the request asks to see thoughts",
    "slow": "like assistant, at about 8 tokens a second",
    "fast": "like assistant, without any delay",
    "flaky": "fails now and then: 429, 500, or a stream that is cut (repeatable for a seed)",
    "flaky-429": "always answers 429 with Retry-After; likewise flaky-500, flaky-529, flaky-cut",
    "limited-5": "takes 5 requests a second (any number), and answers 429 above that",
    "missing": "does not exist; likewise any name that starts with no-such",
}
"""What each model does, for people to read."""

_SLOW_RATE = 8.0
_FLAKY = {"flaky", "flaky-429", "flaky-500", "flaky-529", "flaky-cut"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How a model answers."""

    name: str
    """Without any prefix; replies report it as `sandbox-{name}`."""
    echo: bool = False
    thinks: bool = False
    """Spends tokens on thoughts even when nobody asks to see them."""
    rate: float | None = None
    """Tokens a second, or `None` for the server's own rate."""
    instant: bool = False
    """Never waits."""

    @property
    def reported(self) -> str:
        """The model name in replies."""
        return f"sandbox-{self.name}"


def behaviour_of(model: str) -> Behaviour | None:
    """The behaviour of a model name, or `None` when no such model exists.

    A name the simulator does not know, such as another vendor's, is served by the assistant: so a
    client that is pointed at the simulator needs no other change. The reply says who answered.
    """
    # Clients put a provider's name in front, and some say behind which API they mean.
    name = model.lower().rpartition("/")[2].partition(":")[0].removeprefix("sandbox-")
    if name == "missing" or name.startswith("no-such"):
        return None
    if name in _FLAKY or limit_of(name):
        return Behaviour(name=name)
    known = {
        "echo": Behaviour(name="echo", echo=True),
        "thinker": Behaviour(name="thinker", thinks=True),
        "slow": Behaviour(name="slow", rate=_SLOW_RATE),
        "fast": Behaviour(name="fast", instant=True),
    }
    return known.get(name, Behaviour(name="assistant"))
