import itertools
from typing import TYPE_CHECKING

import pytest

from mirascope_nb.approvals import Book, RefusedError

if TYPE_CHECKING:
    from conftest import Clock, MakeRequest


@pytest.fixture
def book(clock: "Clock") -> Book:
    ids = (f"id-{n}" for n in itertools.count())
    return Book(session="s", clock=clock, new_id=lambda: next(ids))


def test_an_open_record_can_be_taken_once(book: Book, request_for: "MakeRequest") -> None:
    record = book.open(request_for())
    assert book.pending == [record]
    assert book.take(record.id, record.digest) is record
    assert book.pending == []
    with pytest.raises(RefusedError, match="decided already") as refused:
        book.take(record.id, record.digest)
    assert refused.value.why == "used"


def test_an_unknown_id_is_refused(book: Book, request_for: "MakeRequest") -> None:
    record = book.open(request_for())
    with pytest.raises(RefusedError) as refused:
        book.take("id-77", record.digest)
    assert refused.value.why == "unknown"
    assert book.pending == [record]


def test_another_digest_is_refused_and_the_record_stays(
    book: Book, request_for: "MakeRequest"
) -> None:
    record = book.open(request_for())
    with pytest.raises(RefusedError) as refused:
        book.take(record.id, request_for(to="eve").digest)
    assert refused.value.why == "other arguments"
    assert book.take(record.id, record.digest) is record


def test_a_digest_that_is_no_text_is_refused_like_any_other(
    book: Book, request_for: "MakeRequest"
) -> None:
    record = book.open(request_for())
    with pytest.raises(RefusedError) as refused:
        book.take(record.id, "\ud800")
    assert refused.value.why == "other arguments"


def test_a_record_expires_at_its_time_and_not_before(
    book: Book, clock: "Clock", request_for: "MakeRequest"
) -> None:
    early, late = book.open(request_for()), book.open(request_for())
    assert early.expires == clock.now + 300
    clock.now += 299.9
    book.take(early.id, early.digest)
    clock.now += 0.1
    with pytest.raises(RefusedError) as refused:
        book.take(late.id, late.digest)
    assert refused.value.why == "expired"
    assert book.pending == []


def test_a_replaced_record_has_time_of_its_own_and_the_old_one_is_used(
    book: Book, clock: "Clock", request_for: "MakeRequest"
) -> None:
    old = book.open(request_for())
    clock.now += 200
    new = book.replace(old.id, old.digest, request_for(to="bob"))
    assert new.id != old.id
    assert new.expires == clock.now + 300
    with pytest.raises(RefusedError) as refused:
        book.take(old.id, old.digest)
    assert refused.value.why == "used"
    assert book.take(new.id, new.digest) is new


def test_closing_a_record_says_why_it_is_closed(
    book: Book, clock: "Clock", request_for: "MakeRequest"
) -> None:
    given_up, late = book.open(request_for()), book.open(request_for())
    book.close(given_up)
    book.close(given_up)
    clock.now += 1000
    book.close(late)
    for record, why in ((given_up, "used"), (late, "expired")):
        with pytest.raises(RefusedError) as refused:
            book.check(record.id, record.digest)
        assert refused.value.why == why


def test_every_refusal_is_logged_without_arguments(
    book: Book, request_for: "MakeRequest", caplog: pytest.LogCaptureFixture
) -> None:
    record = book.open(request_for(to="secret"))
    for id, digest in (("x" * 1000, "d"), (record.id, "d")):
        with pytest.raises(RefusedError):
            book.take(id, digest)
    assert [(refusal.id, refusal.why) for refusal in book.refusals] == [
        ("x" * 64, "unknown"),
        (record.id, "other arguments"),
    ]
    assert len(caplog.records) == 2
    assert "secret" not in caplog.text


def test_ids_cannot_be_guessed(clock: "Clock", request_for: "MakeRequest") -> None:
    book = Book(session="s", clock=clock)
    ids = {book.open(request_for()).id for _ in range(100)}
    assert len(ids) == 100
    assert min(map(len, ids)) >= 40


def test_closed_records_are_remembered_but_not_for_ever(
    book: Book, request_for: "MakeRequest"
) -> None:
    first = book.open(request_for())
    book.take(first.id, first.digest)
    for _ in range(5000):
        record = book.open(request_for())
        book.take(record.id, record.digest)
    with pytest.raises(RefusedError) as refused:
        book.take(first.id, first.digest)
    assert refused.value.why == "unknown"
