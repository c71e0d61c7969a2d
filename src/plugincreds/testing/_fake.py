"""A plugin that does what a test tells it."""

import threading
from collections.abc import Callable

from plugincreds._contract import Answer, PluginContext, Value

_LONGEST = 60.0  # seconds; a call that is forgotten must not keep the test run for ever
_MADE_UP = Value("AKIAFAKEPLUGIN000000", "made-up/secret/key/of/a/FakePlugin000000")

Step = Answer | BaseException | type[BaseException]


class FakePlugin:
    """A getter and its plugin in one object, which follows a script and keeps count.

    As a getter it takes a context, so each profile and region has a source of its own, as
    with any such plugin. For one source whatever the session, use ``lambda: fake``.

    Args:
        script: What `retrieve()` does at its first call, its second and so on, the last again
            and again: an answer in any shape of the contract, which is returned, or an
            exception, which is raised. Without any, it returns a made-up value.
        cache_key: What `cache_key()` says; None: it has no such method.
        declines: Whether the getter declines.

    Attributes:
        expired: What `is_expired()` says. A test sets it; a value that is returned ends it.
        declines: As above; a test may change it.
        retrieve_calls: How often `retrieve()` has been called.
        is_expired_calls: How often `is_expired()` has been called.
        contexts: What the getter was told, one for each call.
    """

    expired: bool
    declines: bool
    retrieve_calls: int
    is_expired_calls: int
    contexts: list[PluginContext]
    cache_key: Callable[[], str]  # where one is given: an attribute that is None counts as one

    def __init__(self, *script: Step, cache_key: str | None = None, declines: bool = False) -> None:
        self._script: tuple[Step, ...] = script or (_MADE_UP,)
        self.expired = False
        self.declines = declines
        self.retrieve_calls = 0
        self.is_expired_calls = 0
        self.contexts = []
        self._changed = threading.Condition()
        self._let_go: threading.Event | None = None  # while it holds: what the calls wait for
        self._held = 0
        if cache_key is not None:
            self.cache_key = lambda: cache_key

    def __call__(self, context: PluginContext) -> "FakePlugin | None":
        """Be the getter: note the context, and return this object, or None to decline."""
        self.contexts.append(context)
        return None if self.declines else self

    def retrieve(self) -> Answer:
        """Do what the script says for this call, once nobody holds it."""
        with self._changed:
            step = self._script[min(self.retrieve_calls, len(self._script) - 1)]
            self.retrieve_calls += 1
            let_go = self._let_go
        if let_go is not None:
            self._wait(let_go)
        if isinstance(step, BaseException):
            raise step.with_traceback(None)  # else it grows with each call
        if isinstance(step, type):
            raise step
        if step is not None:
            self.expired = False
        return step

    def is_expired(self) -> bool:
        """Return what the test has set."""
        with self._changed:
            self.is_expired_calls += 1
        return self.expired

    def hold(self) -> None:
        """Keep each `retrieve()` from now on, until `release()`, so that a flight can be seen."""
        with self._changed:
            self._let_go = self._let_go or threading.Event()

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
        """Let go what `hold()` keeps, even if somebody holds again at once."""
        with self._changed:
            if self._let_go is not None:
                self._let_go.set()
            self._let_go = None

    def _wait(self, let_go: threading.Event) -> None:
        self._count_held(1)
        try:
            if not let_go.wait(_LONGEST):
                raise TimeoutError(f"retrieve() was held for {_LONGEST:g} s. Call release().")
        finally:
            self._count_held(-1)

    def _count_held(self, change: int) -> None:
        with self._changed:
            self._held += change
            self._changed.notify_all()

    def __repr__(self) -> str:
        """Show the counts, and nothing of the script."""
        return f"FakePlugin(retrieve_calls={self.retrieve_calls}, expired={self.expired})"
