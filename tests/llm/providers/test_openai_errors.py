"""Errors of OpenAI and of what imitates it, to classes."""

from typing import Any

import pytest
from pydantic_core import to_json

from mirascope_nb import llm
from mirascope_nb.llm.io import HttpReply
from mirascope_nb.llm.providers.openai_errors import error_in_stream, error_of_reply


def of_reply(status: int, body: Any) -> llm.APIError:
    data = body if isinstance(body, bytes) else to_json(body)
    return error_of_reply("openai", HttpReply(status=status, headers={}, body=data))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "No.", "type": "t", "param": None, "code": None}}, "No."),
        ({"error": "No."}, "No."),
        ({"message": "No."}, "No."),
        ({"detail": "No."}, "No."),
        ([{"error": {"message": "No."}}], "No."),
        ({"object": "error", "message": "No.", "type": "BadRequestError", "code": 400}, "No."),
        ({"error": ["No."]}, "No."),
        ({"error": {"message": ["No.", "\x1b"]}}, r"['No.', '\x1b']"),
        ({"error": {"status": 7}}, "HTTP 418 with"),
        (b"<h1>I am a teapot</h1>", "HTTP 418 with '<h1>I am a teapot</h1>'"),
        (b"", "HTTP 418 with no details given"),
    ],
    ids=str,
)
def test_the_message_wherever_it_stands(body: Any, message: str) -> None:
    error = of_reply(418, body)
    assert type(error) is llm.APIError
    assert message in str(error)
    assert error.status_code == 418


def test_a_model_that_is_not_found_whatever_the_status() -> None:
    body = {"error": {"message": "No such model.", "code": "model_not_found"}}
    error = of_reply(400, body)
    assert isinstance(error, llm.NotFoundError)
    assert (error.status_code, error.code) == (400, "model_not_found")


@pytest.mark.parametrize("code", ["insufficient_quota", "billing_hard_limit_reached"])
def test_an_empty_account_is_not_asked_again(code: str) -> None:
    for error in (
        of_reply(429, {"error": {"message": "Pay.", "code": code}}),
        error_in_stream("openai", {"error": {"message": "Pay.", "type": code}}),
    ):
        assert isinstance(error, llm.RateLimitError)
        assert error.should_retry is False


def test_a_rate_limit_may_be_asked_again() -> None:
    assert of_reply(429, {"error": {"message": "Wait.", "code": "x"}}).should_retry is None


@pytest.mark.parametrize(
    ("details", "error"),
    [
        ({"type": "server_error"}, llm.ServerError),
        ({"type": "rate_limit_error"}, llm.RateLimitError),
        ({"type": "tokens", "code": "rate_limit_exceeded"}, llm.RateLimitError),
        ({"type": "invalid_request_error", "code": "invalid_api_key"}, llm.AuthenticationError),
        ({"type": "invalid_request_error", "code": None}, llm.BadRequestError),
        ({"type": "invalid_request_error", "code": "model_not_found"}, llm.NotFoundError),
        ({"type": "overloaded_error"}, llm.ServerError),
        ({"code": 429}, llm.RateLimitError),
        ({"code": "402"}, llm.APIError),
        ({"status": 403}, llm.PermissionError),
        ({"status_code": 503}, llm.ServerError),
        ({"type": ["odd"], "code": {"odd": 1}}, llm.ServerError),
        ({}, llm.ServerError),
    ],
    ids=str,
)
def test_an_error_in_a_stream_has_the_class_of_its_http_form(details: Any, error: Any) -> None:
    found = error_in_stream("openai", {"error": {"message": "No.", **details}})
    assert type(found) is error
    assert str(found) == "No."
    assert found.provider == "openai"


def test_an_error_without_anything() -> None:
    assert "without details" in str(error_in_stream("openai", {"error": {}}))


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (1002, llm.RateLimitError),
        (1004, llm.AuthenticationError),
        (1008, llm.RateLimitError),
        (2013, llm.BadRequestError),
        (9999, llm.ServerError),
    ],
)
def test_a_number_with_a_good_status_is_an_error(server: Any, number: int, error: Any) -> None:
    server.register("minimax")
    server.whole(
        {"choices": None, "base_resp": {"status_code": number, "status_msg": "Not like this."}}
    )
    with pytest.raises(error, match=r"Not like this\.") as caught:
        llm.Model("minimax/m").call("Hello.")
    assert caught.value.code == str(number)
    assert caught.value.should_retry is (False if number == 1008 else None)


def test_a_number_that_stands_for_success_is_none(server: Any) -> None:
    server.register("minimax")
    message = {"role": "assistant", "content": "Hi."}
    fine = {"status_code": 0, "status_msg": ""}
    server.whole({"choices": [{"message": message}], "base_resp": fine})
    assert llm.Model("minimax/m").call("Hello.").text() == "Hi."
