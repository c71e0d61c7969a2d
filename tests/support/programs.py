"""The programs in `tests/functional/programs`, and what `whoami` reports."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.environments import Environment

PROGRAMS = Path(__file__).parents[1] / "functional" / "programs"


@dataclass(frozen=True, slots=True)
class Report:
    """Who a program was in two sessions, what plugincreds logged, which plugins it imported."""

    attempts: list[dict[str, Any]]
    log: list[tuple[str, str]]
    imported: list[str]

    @property
    def arn(self) -> str:
        """The ARN that the server gave, the same both times."""
        return str(self._same("arn"))

    @property
    def method(self) -> str:
        """What botocore says of the origin of the credentials."""
        return str(self._same("method"))

    @property
    def error(self) -> dict[str, Any]:
        """The error of the first attempt, after which the second must have failed likewise."""
        first, second = (attempt["error"] for attempt in self.attempts)
        assert first, f"expected an error, but it was {self.attempts[0]['arn']}"
        assert second, f"expected an error again, but it was {self.attempts[1]['arn']}"
        assert first["kinds"] == second["kinds"]
        return dict(first)

    def logged(self, level: str) -> list[str]:
        """Return the messages of one level."""
        return [message for name, message in self.log if name == level]

    def _same(self, fact: str) -> object:
        for attempt in self.attempts:
            assert attempt["error"] is None, attempt["error"]
        first, second = (attempt[fact] for attempt in self.attempts)
        assert first == second
        return first


def whoami(
    environment: Environment,
    variables: Mapping[str, str] | None = None,
    flags: Sequence[str] = ("-I",),
    **session: str,
) -> Report:
    """Run `whoami` with these arguments for its sessions."""
    program = PROGRAMS / "whoami.py"
    outcome = environment.run(program, json.dumps(session), variables=variables, flags=flags)
    return Report(**outcome.report)
