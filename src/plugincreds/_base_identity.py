"""Whose base credentials a source has used: what decides which ones a base session finds.

A plugin that exchanges base credentials gives others when these change, also if its `cache_key()`
stays the same. Only hashes are kept.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# botocore skips these where the profile is given in code.
_UNLESS_IN_CODE = ("AWS_ACCESS_KEY_ID", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")
_ALWAYS = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")
# 1.0.0 did not look at these, so they are in names of shared files only where they are set.
_IF_SET = ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_CREDENTIAL_FILE", "BOTO_CONFIG")
# What decides the profile and the files of a session that is given none.
_PROFILE = ("AWS_DEFAULT_PROFILE", "AWS_PROFILE")
_FILES = {
    "AWS_CONFIG_FILE": "~/.aws/config",
    "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials",
}

Facts = list[str | None]


class BaseIdentity:
    """Whose base credentials one source has used, as hashes; at first, none.

    `context.session` has the profile and the files of the session that asks, which are in the
    source key already. For `base_session()`, the environment decides these, too.

    Args:
        in_code: Whether the profile of `context.session` counts as given in code.

    Attributes:
        has_changed: Whether the last recorded call has used others than the calls before it, or
            may have, because another thread has changed the environment meanwhile.
    """

    def __init__(self, *, in_code: bool = False) -> None:
        self._in_code = in_code
        self._now = self._hashes()
        self._used: dict[bool, str] = {}
        self._noted: set[bool] = set()
        self.has_changed = False

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Run a call of the plugin.

        What counts is the environment when the call begins: the plugin may change it for a while,
        as to open a base session for a profile of its own.
        """
        self._now, self.has_changed = self._hashes(), False
        self._noted.clear()
        before = _recorders.get()
        _recorders.set((*before, self))
        try:
            yield
        finally:
            _recorders.set(before)
        if self._noted:
            after = self._hashes()
            # A tuple, because a thread of the plugin may note more meanwhile.
            self.has_changed |= any(after[kind] != self._now[kind] for kind in tuple(self._noted))

    def note(self, *, by_environment: bool) -> None:
        """Note that a base session loads its credentials.

        Args:
            by_environment: Whether the environment decides its profile and its files.
        """
        now = self._now[by_environment]
        self._noted.add(by_environment)
        if self._used.setdefault(by_environment, now) != now:
            self.has_changed = True

    def used(self, *, by_environment: bool) -> str | None:
        """Return the hash of what has been noted, or None."""
        return self._used.get(by_environment)

    def serves(self, other: "BaseIdentity") -> bool:
        """Tell whether the credentials of this source are those that a new load is to get.

        If that load has made the source, they are, even if the plugin changes the environment.
        """
        now = other._now  # noqa: SLF001 - of the same class
        is_current = all(now[kind] == found for kind, found in list(self._used.items()))
        return self is other or is_current

    def facts(self) -> Facts:
        """Return what decides now whose credentials `context.session` finds, for names of files.

        From now on this counts, whether or not the plugin uses that session. If the plugin has
        used it before the environment changed, the names are those of no other source.
        """
        facts = self._variables()
        now = digest(facts)
        used = self._used.setdefault(False, now)
        return facts if used == now else [*facts, used]

    def _hashes(self) -> dict[bool, str]:
        return {False: digest(self._variables()), True: environment_digest()}

    def _variables(self) -> Facts:
        return _variables(in_code=self._in_code)


_recorders: ContextVar[tuple[BaseIdentity, ...]] = ContextVar("plugincreds_base", default=())


def recorders() -> tuple[BaseIdentity, ...]:
    """Return those of the plugins that have called the running code, the outermost first."""
    return _recorders.get()


def digest(facts: object) -> str:
    """Return the hash of facts that JSON can express."""
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def environment_digest() -> str:
    """Return the hash of what decides now whose credentials `base_session()` finds."""
    facts: Facts = [os.environ.get(name) for name in _PROFILE]
    for name, default in _FILES.items():
        file = os.path.expanduser(os.environ.get(name) or default)  # noqa: PTH111 - never raise
        facts.append(os.path.abspath(file))  # noqa: PTH100 - the same
    return digest([*facts, *_variables(in_code=False)])


def _variables(*, in_code: bool) -> Facts:
    skipped: Facts = [None] * len(_UNLESS_IN_CODE)
    found = skipped if in_code else [os.environ.get(name) for name in _UNLESS_IN_CODE]
    found += [os.environ.get(name) for name in _ALWAYS]
    for name in _IF_SET:
        if name in os.environ:
            found += [name, os.environ[name]]
    return found
