"""The contract of `is_expired()`, which is called before each request."""

import threading
from time import monotonic  # imported now, because a plugin may replace it in the module time

from plugincreds.testing._contract.hooks import Hooks
from plugincreds.testing._contract.probes import SLOW, fastest, network_blocked
from plugincreds.testing._contract.subject import THREADS, OpenedPlugin, raised, refer_to

_CALLS = 1000
_LONGEST = 1.0  # seconds that so many calls may take
_CALLED = "is_expired() is called before each request, by many threads and on the event loop"


class IsExpiredTests(Hooks):
    """What `is_expired()` returns and does."""

    def test_is_expired_returns_a_bool(self, plugin_ready: OpenedPlugin) -> None:
        """Another answer, or an exception, is a failed refresh."""
        answer, error = self._ask_is_expired(plugin_ready)
        contract = "it returns True or False"
        if error is not None:
            found = f"is_expired() raised {raised(error)}"
            self._broken(found, contract, "catch that, and return a bool")
        if not isinstance(answer, bool):
            found = f"is_expired() returned an object of type {type(answer).__name__}"
            self._broken(found, contract, "return bool(...), and do not make it a coroutine")

    def test_new_value_is_not_expired(self, plugin_ready: OpenedPlugin) -> None:
        """A plugin whose credentials are always expired is called for every request."""
        if self._is_expired_or_skip(plugin_ready):
            self._broken(
                "is_expired() is True right after retrieve() has returned credentials",
                "it tells whether the last credentials must no longer be used",
                "let retrieve() note what is_expired() compares with",
            )

    def test_is_expired_is_quick(self, plugin_ready: OpenedPlugin) -> None:
        """It blocks the event loop."""
        self._is_expired_or_skip(plugin_ready)
        is_expired = plugin_ready.functions.is_expired
        took, error = self._call("is_expired()", lambda: fastest(is_expired))
        if error is not None:
            refer_to("test_is_expired_changes_nothing")
        if took > SLOW:
            self._broken(
                f"is_expired() takes {took * 1000:.0f} ms at best",
                f"{_CALLED}, so it takes less than {SLOW * 1000:.0f} ms",
                "let it look at what retrieve() has noted",
            )

    def test_is_expired_changes_nothing(self, plugin_ready: OpenedPlugin) -> None:
        """It may be called any number of times."""
        given = [self._value_or_skip(plugin_ready) for _ in range(2)]
        if self._is_expired_or_skip(plugin_ready):
            refer_to("test_new_value_is_not_expired")
        contract, to_do = f"{_CALLED}, so calling it changes nothing", "change things in retrieve()"
        found = self._called_often(plugin_ready)
        if found:  # the credentials may have expired in that second, but not twice
            self._value_or_skip(plugin_ready)
            found = self._called_often(plugin_ready)
        if found:
            self._broken(f"is_expired() {found}", contract, to_do)
        # A source may give a new key each time; only one that does not can be compared.
        after = self._value_or_skip(plugin_ready)
        if given[0] == given[1] != after:
            self._broken("retrieve() returns something else after is_expired()", contract, to_do)

    def test_is_expired_uses_no_network(self, plugin_ready: OpenedPlugin) -> None:
        """A connection blocks, even one that is quick where it is tested."""
        with network_blocked() as tried:
            self._ask_is_expired(plugin_ready)
        if tried:
            found = f"is_expired() used {tried[0]}()"
            self._broken(found, f"{_CALLED}, so it uses no network", "ask in retrieve()")

    def test_is_expired_leaves_no_threads(self, plugin_ready: OpenedPlugin) -> None:
        """A thread for each request fills the process."""
        before, times = set(threading.enumerate()), 5
        for _ in range(times):
            self._is_expired_or_skip(plugin_ready)
        left = [each for each in threading.enumerate() if each not in before]
        for thread in left:
            thread.join(0.2)
        # A plugin may have a thread of its own, and start it at the first call.
        if sum(thread.is_alive() for thread in left) >= times:
            found = "is_expired() leaves a thread running at each call"
            self._broken(found, _CALLED, "start threads in retrieve()")

    def test_is_expired_answers_all_threads(self, plugin_ready: OpenedPlugin) -> None:
        """Any thread that sends a request calls it."""
        self._is_expired_or_skip(plugin_ready)
        outcomes = self._call_in_threads(plugin_ready.functions.is_expired)
        for error in [outcome.error for outcome in outcomes if outcome.error is not None]:
            found = f"In another thread, is_expired() raised {raised(error)}"
            self._broken(found, _CALLED, "use nothing that is bound to a thread, and no state")
        if len(outcomes) < THREADS:
            found = f"{THREADS - len(outcomes)} of {THREADS} threads got no answer"
            self._broken(found, _CALLED, "look for a lock that is_expired() waits for")

    def _called_often(self, opened: OpenedPlugin) -> str:
        """Call it many times; return what it did instead of returning False, if anything."""
        is_expired = opened.functions.is_expired

        def other_answer_at() -> int:
            until = monotonic() + _LONGEST
            for count in range(2, _CALLS + 1):
                if is_expired() is not False:
                    return count
                if monotonic() > until:
                    break
            return 0

        count, error = self._call("is_expired()", other_answer_at)
        if error is not None:
            return f"raised {raised(error)}"
        return f"gave another answer at call {count}" if count else ""
