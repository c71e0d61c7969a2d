"""The credentials that the endpoint answers with, and how long a request waits for them."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from http import HTTPStatus

from plugincreds._contract import Value
from plugincreds._endpoint.requests import RefusedError
from plugincreds._errors import NonRecoverableError, PluginError
from plugincreds._redaction import described
from plugincreds._threads import start

_WITHOUT_EXPIRY = timedelta(minutes=15)  # after which clients ask again


class Supply:
    """Gives credentials to many requests, with one call for all that wait.

    botocore waits 2 seconds for an answer, and asks three times. So a request that would have to
    wait for a refresh gets the held credentials, as long as these may be used.

    Args:
        get: Returns credentials that may be used now; it refreshes them if necessary.
        held: Returns the credentials that may be used while `get` refreshes them, or None.
        brief: Seconds that a request waits if there are held credentials.
        patience: Seconds that it waits if there are none.
    """

    def __init__(
        self,
        get: Callable[[], Value],
        held: Callable[[], Value | None],
        *,
        brief: float = 1.0,
        patience: float = 25.0,
    ) -> None:
        self._get, self._held = get, held
        self._brief, self._patience = brief, patience
        self._lock = threading.Lock()
        self._call: _Call | None = None

    def document(self) -> dict[str, str]:
        """Return the credentials as a container's endpoint gives them.

        Raises:
            RefusedError: The plugin gives none.
        """
        began = time.monotonic()
        call = self._running()
        value = None
        if not call.done.wait(self._brief):
            value = self._held()
            if value is None and not call.done.wait(self._patience - time.monotonic() + began):
                raise RefusedError(
                    HTTPStatus.SERVICE_UNAVAILABLE,
                    "The credential plugin is still retrieving credentials. Try again later.",
                )
        return self._shown(value or call.result())

    def _running(self) -> "_Call":
        with self._lock:
            if self._call is not None and not self._call.done.is_set():
                return self._call
            self._call = call = _Call()
        call.begin(self._get)
        return call

    def _shown(self, value: Value) -> dict[str, str]:
        expiry = value.expiry_time or datetime.now(timezone.utc) + _WITHOUT_EXPIRY
        document = {
            "AccessKeyId": value.access_key,
            "SecretAccessKey": value.secret_key,
            "Token": value.token or "",  # most clients refuse an answer without the field
            # In UTC with a Z, and without a fraction: some clients read no other form.
            "Expiration": expiry.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return {**document, "AccountId": value.account_id} if value.account_id else document


class _Call:
    """One call that several requests wait for."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self._value: Value | None = None
        self._fault = HTTPStatus.SERVICE_UNAVAILABLE, ""

    def begin(self, get: Callable[[], Value]) -> None:
        def run() -> None:
            try:
                self._value = get()
            except BaseException as error:  # noqa: BLE001 - the requests are told
                self._fault = _fault(error)  # the error itself would keep the plugin's frames
            finally:
                self.done.set()

        try:
            start(run)
        except RuntimeError:  # no thread can be started
            run()

    def result(self) -> Value:
        if self._value is None:
            raise RefusedError(*self._fault)
        return self._value


def _fault(error: BaseException) -> tuple[HTTPStatus, str]:
    """Return the status and the text for an error; the texts of our own have no secrets."""
    # Clients try again after a status of 500 and above, which is useless where a person must act.
    is_final = isinstance(error.__cause__, NonRecoverableError)
    status = HTTPStatus.FAILED_DEPENDENCY if is_final else HTTPStatus.SERVICE_UNAVAILABLE
    if isinstance(error, PluginError):
        return status, str(error)
    return status, f"plugincreds failed ({described(error)}). Try again later."
