"""What the doctor's document comes to: the verdict, why, and what has decided it."""

from typing import Any

from plugincreds._cli.doctor.steps import Status
from plugincreds._cli.selection import NOT_SELECTED
from plugincreds._settings import PLUGIN_KEY, PROVIDER_NAME, VARIABLE

_ROLE = "assume-role"
_ENDS = {each.value for each in Status if each.ends_chain}


def verdict(document: dict[str, Any]) -> tuple[list[str], str]:
    """Return where the credentials come from, as sentences, and their colour."""
    origin = document["answer"]
    if origin is None:
        return [_end(document)], "red"
    name = f"the plugin {origin['plugin']}" if origin["plugin"] else origin["provider"]
    if origin["plugin"] and origin["provider"] != PROVIDER_NAME:
        name = f"{origin['provider']}, with those of {name}"
    if not origin["certain"]:
        doubt = "; --retrieve tells whether it declines" if origin["plugin"] else ""
        return [f"Credentials may come from {name}{doubt}."], "yellow"
    verb = "come" if document["retrieved"] else "would come"
    sentences = [f"Credentials {verb} from {name}{_note(document)}."]
    if not document["ok"]:
        return sentences, "red"
    if origin["confirmed"]:
        return sentences, "green"
    # What is configured may be logged out: only a retrieval shows that it works.
    return [*sentences, "Nothing has been retrieved. To test it, add --retrieve."], "yellow"


def _end(document: dict[str, Any]) -> str:
    """Return how a chain ends without credentials."""
    if not document["raises"]:
        return "No credentials would be found."
    verb = "raises" if document["retrieved"] else "would raise"
    is_alone = len(document["errors"]) == 1
    return f"boto3 {verb} {'this error' if is_alone else 'the first of these errors'}."


def _note(document: dict[str, Any]) -> str:
    if document["ok"]:
        return ""
    selected = document["selection"]["plugin"]
    if selected not in {None, document["answer"]["plugin"]}:
        return f", not from the selected plugin {selected}"
    return ", but see the errors below"


def reason(document: dict[str, Any]) -> str:
    """Return why they come from there, as a sentence; empty where the errors say it."""
    last = next((step for step in document["chain"] if step["status"] in _ENDS), None)
    origin = document["answer"]
    # What was really retrieved may come from a provider behind one that might have answered.
    if origin is None or last is None or last["provider"] != origin["provider"]:
        return ""
    selection = document["selection"]
    where = f" The selection is written in {selection['file']}, line {selection['line']}."
    is_selected = origin["plugin"] is not None and origin["plugin"] == selection["plugin"]
    written = where if is_selected and selection["file"] else ""
    return f"Why: {last['reason']}.{written}"


def decided(document: dict[str, Any]) -> str:
    """Return what has decided it, as a sentence; empty where errors or warnings say it."""
    origin, selection = document["answer"], document["selection"]
    if origin is None or not document["ok"] or not document["startup_hook"]["active"]:
        return ""
    if selection["asked_by"]:
        return f"Decided by {selection['asked_by']}."
    in_code = document["profile"]["given_by"] == "--profile"
    if selection["by"] != NOT_SELECTED or (in_code and origin["provider"] == _ROLE):
        return ""
    name = origin["plugin"] if origin["provider"] == PROVIDER_NAME else "NAME"
    # A program that gives the profile in code skips the variable.
    line = f"{PLUGIN_KEY} = {name} in the profile" if in_code else f"{VARIABLE}={name}"
    if origin["provider"] == PROVIDER_NAME:
        return (
            f"Decided by the order of the chain. With {line}, no provider that comes before "
            "the plugin can answer instead."
        )
    return f"Decided by the order of the chain. {line} would select a plugin, which comes first."
