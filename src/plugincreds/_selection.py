"""Which plugin is selected for a default chain, and the environment that one load sees."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from plugincreds._settings import (
    ACCOUNT_KEY,
    PROFILE_VARIABLES,
    VARIABLE,
    Section,
    asked_by_variable,
    is_off,
    other_sources,
    own_plugin,
)


class _Choice:
    """A choice, equal to others of its class with the same attributes.

    No named tuple, because every chain imports this module, and to make one takes longer than all
    else here.
    """

    __slots__: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        """Compare the class and all attributes."""
        return type(self) is type(other) and self._facts() == other._facts()

    def __hash__(self) -> int:
        """Return the same for equal ones."""
        return hash((type(self), *self._facts()))

    def __repr__(self) -> str:
        """Show all attributes."""
        return f"{type(self).__name__}{self._facts()!r}"

    def _facts(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)


class Selected(_Choice):
    """One plugin is asked for by name, and no other identity may be used.

    Attributes:
        name: The plugin's name.
        asked_by: What asks for it, in the words of a message.
        remedy: How to remove that request, in the words of a message.
        account_id: The account that the profile names, if it is meant for the plugin's keys.
        caution: A warning to log when the plugin is used, or empty.
        caution_beside_keys: The same for a plugin that itself uses the profile's static keys.
    """

    __slots__ = (
        "account_id",
        "asked_by",
        "caution",
        "caution_beside_keys",
        "name",
        "remedy",
    )

    def __init__(  # noqa: PLR0913 - its attributes
        self,
        name: str,
        asked_by: str,
        remedy: str,
        account_id: str | None = None,
        caution: str = "",
        *,
        caution_beside_keys: str = "",
    ) -> None:
        self.name = name
        self.asked_by = asked_by
        self.remedy = remedy
        self.account_id = account_id
        self.caution = caution
        self.caution_beside_keys = caution_beside_keys

    def caution_for(self, *, uses_profile_keys: bool) -> str:
        """Return the warning to log when the plugin is used, or an empty text."""
        return self.caution_beside_keys if uses_profile_keys else self.caution


class Automatic(_Choice):
    """No plugin is asked for by name: any that is installed may answer, late in the chain.

    Attributes:
        account_id: The account that the profile names, if it is meant for the plugin's keys.
        asked_by: What asks for any one of them, in the words of a message; None if the chain may
            go on without them.
    """

    __slots__ = ("account_id", "asked_by")

    def __init__(self, account_id: str | None = None, asked_by: str | None = None) -> None:
        self.account_id = account_id
        self.asked_by = asked_by


class Off(_Choice):
    """No plugin is called."""

    __slots__ = ()


Selection = Selected | Automatic | Off

_load_sees: ContextVar[Mapping[str, str] | None] = ContextVar("plugincreds_load", default=None)


@contextmanager
def one_environment() -> Iterator[None]:
    """Let all that one load of a chain does see the same selection by the variable.

    Other threads may set it meanwhile. A mix of the old and the new selection could give an
    identity that neither of them means.
    """
    before, now = _load_sees.get(), deciding_variables()
    _load_sees.set(now)
    try:
        yield
    finally:
        now.clear()  # a copy of the context may live longer than the load, as in a thread
        _load_sees.set(before)


def deciding_variables() -> dict[str, str]:
    """Return the variables on which selections and their cautions depend, as they are now."""
    profiles = {name: os.environ[name] for name in PROFILE_VARIABLES if name in os.environ}
    return {VARIABLE: os.environ.get(VARIABLE, ""), **profiles}


def environment() -> Mapping[str, str]:
    """Return the environment for selections: as it was when the running load began."""
    return _load_sees.get() or os.environ


def chain_selection(
    environ: Mapping[str, str], section: Section, *, profile_in_code: bool
) -> Selection:
    """Return the plugin for a default chain, apart from the one that its profile asks for.

    If the profile is given in code, the variable is ignored, as botocore ignores the keys in the
    environment then; but it still can switch plugins off.
    """
    name = asked_by_variable(environ)
    if is_off(name):
        return Off()
    account_id = None if other_sources(section) else account_of(section)
    own = own_plugin(section)
    if name and not profile_in_code:
        return selected_by_variable(name, account_id if own in {"", name} else None)
    return Off() if own else Automatic(account_id)  # the profile's providers have its own plugin


def selected_by_variable(name: str, account_id: str | None = None) -> Selected:
    """Return the plugin that the environment variable names."""
    return Selected(name, f"{VARIABLE}={name}", f"unset {VARIABLE}", account_id)


def account_of(section: Section) -> str | None:
    """Return the account that a profile names, or None."""
    account_id = section.get(ACCOUNT_KEY)
    return account_id.strip() or None if isinstance(account_id, str) else None
