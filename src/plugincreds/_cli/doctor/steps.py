"""One provider in a chain, and what would come of asking it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Status(str, Enum):
    """What a chain would get from a provider; the words are those of the JSON document."""

    ANSWERS = "answers"  # it has been asked, and has credentials
    ASKED = "would be asked"  # it is configured, but what it does is not done here
    NOT_CONFIGURED = "not configured"
    ERROR = "error"  # the chain ends here, without credentials
    NOT_REACHED = "not reached"
    UNKNOWN = "unknown"  # it is neither botocore's nor ours

    @property
    def ends_chain(self) -> bool:
        """Whether no provider behind this one is asked."""
        return self in {Status.ANSWERS, Status.ASKED, Status.ERROR}


@dataclass(frozen=True, slots=True)
class PluginState:
    """What an installed plugin would do.

    Attributes:
        name: Its name.
        state: "configured", "declines", "broken" or "error".
        reason: What is wrong with it, or the package that it is from.
        cautions: What a person should know when it is used, as sentences.
        not_shared: Why its credentials are not shared between processes, though that is wanted,
            as a sentence, or empty.
    """

    name: str
    state: str
    reason: str
    cautions: tuple[str, ...] = ()
    not_shared: str = ""


@dataclass(frozen=True, slots=True)
class ChainStep:
    """What would come of asking one provider.

    Attributes:
        status: That, in a word.
        reason: Why, as a part of a sentence, or what is wrong, as a sentence.
        provider: The short name that botocore gives it.
        plugin: The name of the plugin whose credentials are used in the end, or None.
        is_certain: Whether it has credentials, and those of that plugin, unless something fails.
        cautions: As in `PluginState`, for that plugin.
        not_shared: The same.
        plugins: What the installed plugins say, where they are asked in order.
        source: The chain of the credentials that a role is assumed with.
        profile: The profile whose line it stands for, if that is a line `credential_plugin`.
    """

    status: Status
    reason: str
    provider: str = ""
    plugin: str | None = None
    is_certain: bool = True
    cautions: tuple[str, ...] = ()
    not_shared: str = ""
    plugins: tuple[PluginState, ...] = ()
    source: "tuple[ChainStep, ...]" = ()
    profile: str | None = None

    def as_document(self) -> dict[str, Any]:
        """Return what programs may read."""
        return {
            "provider": self.provider,
            "status": self.status.value,
            "reason": self.reason,
            "plugin": self.plugin,
            "profile": self.profile,
            "plugins": [
                {"name": each.name, "state": each.state, "reason": each.reason}
                for each in self.plugins
            ],
            "source": [step.as_document() for step in self.source],
        }


def last_of(steps: Sequence[ChainStep]) -> ChainStep | None:
    """Return the step that ends a chain, with credentials or with an error, or None."""
    return next((step for step in steps if step.status.ends_chain), None)
