"""A plugin that does what a test tells it."""

import threading
from collections.abc import Callable

from plugincreds import Declined, PluginContext, Value
from plugincreds._contract import PluginAnswer

_LONGEST = 60.0  # seconds; a test that forgets release() must not hang the test run
_MADE_UP = Value("AKIAFAKEPLUGIN000000", "made-up/secret/key/of/a/FakePlugin000000")

ScriptStep = PluginAnswer | BaseException | type[BaseException]


class FakePlugin:
    """A getter and its plugin in one object. It follows a script and counts the calls.

    As a getter it takes a context, so each profile and region has a source of its own, as
    with any such plugin. For one source in all sessions, use ``lambda: fake``.

    Args:
        script: What the calls of `retrieve()` do, in order: an answer in any shape of the
            contract is returned, an exception is raised. The last one repeats. Without a
            script, `retrieve()` returns made-up credentials.
        cache_key: What `cache_key()` returns. None: there is no such method.
        declines: Whether the getter declines; a `plugincreds.Declined` also says why.

    Attributes:
        expired: What `is_expired()` returns. A test sets it to True; the next credentials that
            `retrieve()` returns set it to False.
        declines: As above; a test may change it.
        retrieve_calls: How often `retrieve()` has been called.
        is_expired_calls: How often `is_expired()` has been called.
        contexts: The context of each call of the getter.
    """

    cache_key: Callable[[], str]  # absent unless one is given

    def __init__(
        self,
        *script: ScriptStep,
        cache_key: str | None = None,
        declines: bool | Declined = False,
    ) -> None:
        self._script: tuple[ScriptStep, ...] = script or (_MADE_UP,)
        self.expired: bool = False
        self.declines: bool | Declined = declines
        self.retrieve_calls: int = 0
        self.is_expired_calls: int = 0
        self.contexts: list[PluginContext] = []
        self._changed = threading.Condition()
        self._released: threading.Event | None = None  # what held calls wait for
        self._held = 0
        if cache_key is not None:
            self.cache_key = lambda: cache_key

    def __call__(self, context: PluginContext) -> "FakePlugin | Declined | None":
        """Act as the getter: note the context, and return this object, or decline."""
        self.contexts.append(context)
        if isinstance(self.declines, Declined):
            return self.declines
        return None if self.declines else self

    def retrieve(self) -> PluginAnswer:
        """Do what the script says for this call, after `release()` if the test holds it."""
        with self._changed:
            step = self._script[min(self.retrieve_calls, len(self._script) - 1)]
            self.retrieve_calls += 1
            if self._released is not None:
                self._wait(self._released)
        if isinstance(step, BaseException):
            raise step.with_traceback(None)  # otherwise it grows with each call
        if isinstance(step, type):
            raise step
        if step is not None and not isinstance(step, Declined):
            self.expired = False
        return step

    def is_expired(self) -> bool:
        """Return what the test has set."""
        with self._changed:
            self.is_expired_calls += 1
        return self.expired

    def hold(self) -> None:
        """Make each `retrieve()` from now on wait for `release()`, so that a test sees it run."""
        with self._changed:
            self._released = self._released or threading.Event()

    def wait_until_held(self, calls: int = 1, *, timeout: float = 10.0) -> None:
        """Wait until so many calls of `retrieve()` are held.

        Raises:
            TimeoutError: They are not, after so many seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._held >= calls, timeout):
                found = f"{self._held} of {calls} calls of retrieve() are held"
                raise TimeoutError(f"After {timeout:g} s {found}. Call hold() before they begin.")

    def release(self) -> None:
        """Let the held calls go on, even if `hold()` is called again at once."""
        with self._changed:
            if self._released is not None:
                self._released.set()
                self._changed.notify_all()
            self._released = None

    def _wait(self, released: threading.Event) -> None:
        # An event for each hold(): after release(), another hold() must not keep this call.
        self._held += 1
        self._changed.notify_all()
        try:
            if not self._changed.wait_for(released.is_set, _LONGEST):
                raise TimeoutError(f"retrieve() was held for {_LONGEST:g} s. Call release().")
        finally:
            self._held -= 1

    def __repr__(self) -> str:
        """Show the counts, and nothing of the script."""
        return f"FakePlugin(retrieve_calls={self.retrieve_calls}, expired={self.expired})"
