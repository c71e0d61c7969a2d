"""What a request gets, and how long it waits."""

import threading
from datetime import datetime, timedelta, timezone
from http import HTTPStatus

import pytest

from plugincreds import NonRecoverableError, PluginError, Value
from plugincreds._endpoint.requests import RefusedError
from plugincreds._endpoint.supply import Supply

OLD, NEW = Value("OLD", "secret"), Value("NEW", "secret")


def refused(supply: Supply) -> RefusedError:
    """Return how a request is refused."""
    with pytest.raises(RefusedError) as caught:
        supply.document()
    return caught.value


def test_the_document_is_that_of_a_container() -> None:
    """Guards the names and the form of the time that all SDKs read."""
    expiry = datetime(2030, 1, 2, 5, 4, 5, 678, timezone(timedelta(hours=2)))
    value = Value("AKID", "secret", "token", expiry_time=expiry, account_id="123456789012")
    assert Supply(lambda: value, lambda: None).document() == {
        "AccessKeyId": "AKID",
        "SecretAccessKey": "secret",
        "Token": "token",
        "Expiration": "2030-01-02T03:04:05Z",
        "AccountId": "123456789012",
    }


def test_keys_without_expiry_are_asked_for_again() -> None:
    """Guards keys that the plugin replaces: without an expiry clients would keep them for ever."""
    before = datetime.now(timezone.utc).replace(microsecond=0)
    document = Supply(lambda: NEW, lambda: None).document()
    expiry = datetime.fromisoformat(document["Expiration"].replace("Z", "+00:00"))
    assert timedelta(minutes=15) <= expiry - before <= timedelta(minutes=16)
    assert document["Token"] == ""  # botocore and others require it
    assert "AccountId" not in document


def test_requests_share_one_call() -> None:
    """Guards the plugin against a thousand requests at once."""
    calls, gate, everyone = [], threading.Event(), threading.Barrier(51)

    def get() -> Value:
        calls.append(1)
        gate.wait()
        return NEW

    supply, keys = Supply(get, lambda: None), []

    def ask() -> None:
        everyone.wait()
        keys.append(supply.document()["AccessKeyId"])

    threads = [threading.Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    everyone.wait()
    gate.set()
    for thread in threads:
        thread.join()
    assert set(keys) == {"NEW"}
    assert len(keys) == 50
    assert len(calls) <= 50


def test_a_refresh_does_not_keep_requests_waiting() -> None:
    """Guards botocore, which waits two seconds, against a plugin that takes longer."""
    gate = threading.Event()
    calls = []

    def get() -> Value:
        calls.append(1)
        gate.wait()
        return NEW

    supply = Supply(get, lambda: OLD, brief=0)
    assert [supply.document()["AccessKeyId"] for _ in range(3)] == ["OLD"] * 3
    assert calls == [1]
    gate.set()
    while supply.document()["AccessKeyId"] != "NEW":  # with brief=0 the call may not have ended
        pass


def test_a_request_waits_where_nothing_is_held() -> None:
    """Guards the first minutes of an outage: credentials that must not be used are not given."""
    gate = threading.Event()

    def held() -> None:
        gate.set()  # so the request has looked for held credentials before there are new ones

    def get() -> Value:
        gate.wait()
        return NEW

    assert Supply(get, held, brief=0).document()["AccessKeyId"] == "NEW"


def test_a_request_does_not_wait_for_ever() -> None:
    """Guards the endpoint's threads against a plugin that hangs."""
    gate = threading.Event()

    def get() -> Value:
        gate.wait()
        return NEW

    error = refused(Supply(get, lambda: None, brief=0, patience=0))
    gate.set()
    assert error.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert "still retrieving" in error.message


def failing(error: BaseException) -> RefusedError:
    """Return how a request is refused where retrieving raises this."""

    def get() -> Value:
        raise error

    return refused(Supply(get, lambda: OLD))


def test_a_failure_is_told() -> None:
    """Guards the message: clients show the body of the answer, or log it."""
    error = failing(PluginError("The plugin failed. Fix this."))
    assert (error.status, error.message) == (503, "The plugin failed. Fix this.")


def test_a_final_failure_is_not_tried_again() -> None:
    """Guards against retries that only delay the message: SDKs repeat after 500 and above."""
    fault = PluginError("The plugin failed.")
    fault.__cause__ = NonRecoverableError("The login is over")
    assert failing(fault).status == HTTPStatus.FAILED_DEPENDENCY


@pytest.mark.parametrize("error", [RuntimeError("key AKIAIOSFODNN7EXAMPLE"), SystemExit(3)])
def test_another_fault_is_told_without_secrets(error: BaseException) -> None:
    """Guards secrets in foreign texts, and the endpoint against what ends a thread."""
    message = failing(error).message
    assert "AKIA" not in message
    assert type(error).__name__ in message


def test_a_call_works_without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards processes that may start no further thread."""

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    assert Supply(lambda: NEW, lambda: None).document()["AccessKeyId"] == "NEW"
