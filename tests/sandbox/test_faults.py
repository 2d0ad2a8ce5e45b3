"""Failures on purpose: repeatable, and as often as promised."""

from typing import TYPE_CHECKING

import httpx2
import pytest

from mirascope_nb.sandbox.faults import TokenBucket, fault_of_status, flaky_mishap, limit_of
from mirascope_nb.sandbox.models import behaviour_of

if TYPE_CHECKING:
    from conftest import Speaker


def test_flaky_model_does_the_same_for_the_same_seed_and_request() -> None:
    def run(seed: int) -> list[object]:
        return [flaky_mishap("flaky", seed=seed, ordinal=number) for number in range(1, 100)]

    assert run(7) == run(7)
    assert run(7) != run(8)


def test_flaky_model_mixes_failures_and_successes() -> None:
    mishaps = [flaky_mishap("flaky", seed=0, ordinal=number) for number in range(1, 1001)]
    kinds = [mishap.fault.kind if mishap.fault else "" for mishap in mishaps]
    assert 100 < kinds.count("rate_limit") < 200
    assert 60 < kinds.count("server") < 140
    assert 60 < sum(mishap.cut for mishap in mishaps) < 140


def test_flaky_requests_are_counted_by_model(speaker: "Speaker") -> None:
    def statuses() -> list[int]:
        found: list[int] = []
        for _ in range(12):
            try:
                found.append(speaker.ask("openai_chat", "x", model="flaky").status_code)
            except httpx2.RemoteProtocolError:
                found.append(0)
        return found

    mixed = statuses()
    assert mixed.count(200) >= 4
    assert len(set(mixed)) > 1


def test_bucket_grants_a_burst_and_then_the_rate() -> None:
    bucket = TokenBucket(5, now=100.0)
    assert [bucket.take(100.0)[0] for _ in range(5)] == [None] * 5
    wait, allowance = bucket.take(100.0)
    assert wait == pytest.approx(0.2)
    assert (allowance.limit, allowance.remaining) == (5, 0)
    assert bucket.take(100.2)[0] is None
    assert bucket.take(100.2)[0] is not None


def test_bucket_never_holds_more_than_a_second() -> None:
    bucket = TokenBucket(2, now=0.0)
    assert [bucket.take(1000.0)[0] is None for _ in range(3)] == [True, True, False]


def test_limited_model_refuses_what_is_above_its_limit(speaker: "Speaker") -> None:
    replies = [speaker.ask("openai_chat", "x", model="limited-3") for _ in range(5)]
    assert [reply.status_code for reply in replies][:4] == [200, 200, 200, 429]
    assert replies[0].headers["x-ratelimit-limit-requests"] == "3"
    refused = next(reply for reply in replies if reply.status_code == 429)
    assert refused.headers["x-ratelimit-remaining-requests"] == "0"
    assert refused.headers["retry-after"] == "1"
    assert 0 < int(refused.headers["retry-after-ms"]) <= 334
    assert "sandbox-limited-3" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("sandbox/assistant", "assistant"),
        ("gpt-5-mini", "assistant"),
        ("openai/gpt-4o", "assistant"),
        ("sandbox/echo", "echo"),
        ("models/slow", "slow"),
        ("limited-20", "limited-20"),
        ("sandbox-thinker", "thinker"),
        ("sim/echo", "echo"),
        ("sandbox/fast:completions", "fast"),
    ],
)
def test_model_names_are_understood(model: str, name: str) -> None:
    behaviour = behaviour_of(model)
    assert behaviour is not None
    assert behaviour.reported == f"sandbox-{name}"


@pytest.mark.parametrize("model", ["missing", "sandbox/missing", "no-such-model"])
def test_models_that_do_not_exist(model: str) -> None:
    assert behaviour_of(model) is None


def test_limit_is_in_the_name() -> None:
    assert limit_of("limited-12") == 12
    assert limit_of("limited-0") == 1
    assert limit_of("limited-x") is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, "authentication"), (404, "not_found"), (429, "rate_limit"), (500, "server"),
     (502, "server"), (503, "overloaded"), (529, "overloaded"), (418, "bad_request")],
)  # fmt: skip
def test_status_belongs_to_a_kind_of_fault(status: int, kind: str) -> None:
    fault = fault_of_status(status)
    assert (fault.kind, fault.status) == (kind, status)
