"""What is known of a chain once credentials have really been retrieved, or have not."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from plugincreds._cli.doctor.chain_report import ChainLocation, chain_report
from plugincreds._cli.doctor.retrieval import NO_CREDENTIALS, Retrieval
from plugincreds._cli.doctor.steps import ChainStep, PluginState, Status, last_of
from plugincreds._plugins.discovery import discovered
from plugincreds._settings import PROVIDER_NAME

_DECLINED = "declined when it was asked"


def chain_retrieved(
    steps: tuple[ChainStep, ...],
    providers: Iterable[Any],
    location: ChainLocation,
    retrieved: Retrieval,
) -> tuple[ChainStep, ...]:
    """Return the steps of a chain with what came of asking it."""
    known = list(providers)
    while True:
        last = last_of(steps)
        if last is None or last.status is not Status.ASKED:
            return steps
        position = steps.index(last)
        step = _asked(last, retrieved)
        steps = chain_report(known, location, (*steps[:position], step))


def _asked(step: ChainStep, retrieved: Retrieval) -> ChainStep:
    """Return what came of asking the provider of a step."""
    if _has_failed(step, retrieved):
        return replace(step, status=Status.ERROR, reason=str(retrieved.error))
    method = retrieved.method or ""
    if method.partition(":")[0] != step.provider:
        states = tuple(_passed_over(state, None) for state in step.plugins)
        reason = f"{step.plugin} {_DECLINED}" if step.plugin else "it gave no credentials"
        return replace(
            step, status=Status.NOT_CONFIGURED, reason=reason, plugin=None, plugins=states
        )
    used = retrieved.plugin or step.plugin
    states = tuple(_passed_over(state, used) for state in step.plugins)
    reason = step.reason
    if step.provider == PROVIDER_NAME and step.plugins and used is not None:
        origin = discovered().plugins[used][0].origin
        reason = f"{used} of {origin} is configured, and no plugin is selected"
    return replace(step, status=Status.ANSWERS, reason=reason, plugin=used, plugins=states)


def _has_failed(step: ChainStep, retrieved: Retrieval) -> bool:
    if retrieved.error in {None, NO_CREDENTIALS}:
        return False
    # Where a plugin has declined, a provider behind it may have failed.
    may_decline = step.provider == PROVIDER_NAME and not step.is_certain
    return retrieved.failed_plugin is not None or not may_decline


def _passed_over(state: PluginState, used: str | None) -> PluginState:
    """Return the state of a plugin that was asked before the one that is used, or in vain."""
    is_before = used is None or state.name < used
    if state.state == "configured" and is_before:
        return replace(state, state="declines", reason=f"{state.reason} {_DECLINED}")
    return state
