"""What the contract says of `is_expired()`, which is asked before each request."""

# ruff: noqa: ARG002 - a test that takes plugin_value is skipped where there is none

import threading
from time import monotonic  # now: a plugin may replace what the module time has later

from plugincreds._contract import Value
from plugincreds.testing._contract.hooks import VALUE_TEST, Hooks
from plugincreds.testing._contract.probes import SLOW, network_blocked, shortest
from plugincreds.testing._contract.subject import (
    THREADS,
    Opened,
    close_coroutine,
    not_asked,
    raised,
)

_TIMES = 1000
_LONGEST_ASKING = 1.0  # seconds that asking so often may take
_ASKED = "is_expired() is asked before each request, by many threads and on the event loop"
_NEW_TEST = "test_new_value_is_not_expired"


class IsExpiredTests(Hooks):
    """What `is_expired()` says and does."""

    def test_is_expired_returns_a_bool(self, plugin_opened: Opened, plugin_value: Value) -> None:
        """Another answer, or an exception, is a failed refresh."""
        answer, error = self._call("is_expired()", plugin_opened.functions.is_expired)
        if error is not None:
            self._broken(f"is_expired() raised {raised(error)}", "it returns a bool", "mend it")
        if not isinstance(answer, bool):
            close_coroutine(answer)
            found = f"is_expired() returned an object of type {type(answer).__name__}"
            self._broken(found, "it returns True or False", "return bool(...), and no coroutine")

    def test_new_value_is_not_expired(self, plugin_opened: Opened, plugin_value: Value) -> None:
        """A plugin that gives each value up at once is called for every request."""
        if self._asked(plugin_opened):
            self._broken(
                "is_expired() is True right after retrieve() has returned a value",
                "it tells whether the value given last must not be used any more",
                "let retrieve() note what is_expired() compares with",
            )

    def test_is_expired_is_quick(self, plugin_opened: Opened, plugin_value: Value) -> None:
        """It is asked on the event loop, which stands still meanwhile."""
        self._asked(plugin_opened)
        is_expired = plugin_opened.functions.is_expired
        took, error = self._call("is_expired()", lambda: shortest(is_expired))
        if error is not None:
            not_asked("test_is_expired_changes_nothing")
        if took > SLOW:
            self._broken(
                f"is_expired() takes {took * 1000:.0f} ms at best",
                f"{_ASKED}, so it takes less than {SLOW * 1000:.0f} ms",
                "let it look at what retrieve() has noted",
            )

    def test_is_expired_changes_nothing(self, plugin_opened: Opened, plugin_value: Value) -> None:
        """Nobody knows how often it is asked."""
        given = [plugin_value, self._again(plugin_opened)]
        if self._asked(plugin_opened):
            not_asked(_NEW_TEST)
        wanted, advice = f"{_ASKED}, so asking changes nothing", "only retrieve() may change things"
        found = self._asked_often(plugin_opened)
        if found:  # the time may have come by chance meanwhile; not twice
            self._again(plugin_opened)
            found = self._asked_often(plugin_opened)
        if found:
            self._broken(f"is_expired() {found}", wanted, advice)
        # A source may give a new key each time; only one that does not can be compared.
        after = self._again(plugin_opened)
        if given[0] == given[1] != after:
            self._broken("retrieve() returns something else after is_expired()", wanted, advice)

    def test_is_expired_uses_no_network(self, plugin_opened: Opened, plugin_value: Value) -> None:
        """A connection blocks, even one that is quick where it is tested."""
        with network_blocked() as tried:
            answer, _ = self._call("is_expired()", plugin_opened.functions.is_expired)
        close_coroutine(answer)
        if tried:
            wanted = f"{_ASKED}: no network"
            self._broken(f"is_expired() used {tried[0]}()", wanted, "ask in retrieve()")

    def test_is_expired_leaves_no_threads(self, plugin_opened: Opened, plugin_value: Value) -> None:
        """A thread for each request fills the process."""
        before, times = set(threading.enumerate()), 5
        for _ in range(times):
            self._asked(plugin_opened)
        left = [each for each in threading.enumerate() if each not in before]
        for thread in left:
            thread.join(0.2)
        # A plugin may have a thread of its own, and start it at the first call.
        if sum(thread.is_alive() for thread in left) >= times:
            found = "is_expired() leaves a thread running at each call"
            self._broken(found, _ASKED, "start threads in retrieve()")

    def test_is_expired_answers_all_threads(
        self, plugin_opened: Opened, plugin_value: Value
    ) -> None:
        """It is asked by whichever thread sends a request."""
        self._asked(plugin_opened)
        outcomes = self._call_at_once(plugin_opened.functions.is_expired)
        for error in [outcome.error for outcome in outcomes if outcome.error is not None]:
            found = f"In another thread, is_expired() raised {raised(error)}"
            self._broken(found, _ASKED, "use nothing that is bound to a thread, and no state")
        if len(outcomes) < THREADS:
            found = f"{THREADS - len(outcomes)} of {THREADS} threads got no answer"
            self._broken(found, _ASKED, "look for a lock that is_expired() waits for")

    def _asked_often(self, opened: Opened) -> str:
        """Return what it did at last instead of answering False, if anything."""
        is_expired = opened.functions.is_expired

        def other_answer_at() -> int:
            until = monotonic() + _LONGEST_ASKING
            for count in range(2, _TIMES + 1):
                if is_expired() is not False:
                    return count
                if monotonic() > until:
                    break
            return 0

        count, error = self._call("is_expired()", other_answer_at)
        if error is not None:
            return f"raised {raised(error)}"
        return f"gave another answer at call {count}" if count else ""

    def _again(self, opened: Opened) -> Value:
        return self._retrieved(opened).value or not_asked(VALUE_TEST)
