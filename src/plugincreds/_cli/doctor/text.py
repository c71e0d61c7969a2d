"""The doctor's document as text for people."""

import shutil
import sys
import textwrap
from typing import Any

from plugincreds._cli.doctor.steps import Status
from plugincreds._cli.terminal import Palette, table
from plugincreds._redaction import printable

_COLOURS = {
    Status.ANSWERS.value: "green",
    Status.ASKED.value: "green",
    Status.ERROR.value: "red",
    Status.NOT_CONFIGURED.value: "",
    Status.NOT_REACHED.value: "faint",
    Status.UNKNOWN.value: "yellow",
}
_NOT_REACHED = Status.NOT_REACHED.value
_INDENT = "  "
_WIDTH = 100  # of what is not a terminal


def doctor_lines(document: dict[str, Any], palette: Palette) -> list[str]:
    """Return what the doctor has to say, the outcome last."""
    lines = _titled("Environment", table(_environment(document), indent=_INDENT), palette)
    lines += _titled("Selection", table(_selection(document), indent=_INDENT), palette)
    if document["chain"]:
        lines += _titled("Chain", _chain(document["chain"], palette, _INDENT), palette)
    if document["retrieved"] is not None and document["retrieved"]["error"] is None:
        rows = _retrieved(document["retrieved"])
        lines += _titled("Retrieved", table(rows, indent=_INDENT), palette)
    if document["warnings"]:
        warnings = _sentences(document["warnings"], palette, "yellow")
        lines += _titled("Warnings", warnings, palette)
    if document["errors"]:
        lines += _titled("Errors", _sentences(document["errors"], palette, "red"), palette)
    return [*lines, _outcome(document, palette)]


def _titled(title: str, lines: list[str], palette: Palette) -> list[str]:
    return [palette.paint(title, "bold"), *lines, ""]


def _environment(document: dict[str, Any]) -> list[tuple[str, str]]:
    hook, bindings = document["startup_hook"], document["bindings"]
    rows = [("startup hook", "active" if hook["active"] else "NOT ACTIVE, see below")]
    if hook["startup_file"]:
        rows.append(("startup file", hook["startup_file"]))
    for name, version in document["versions"].items():
        faults = bindings.get(f"{name}.credentials") or bindings.get(f"{name}.botocore.credentials")
        note = ", NOT AS KNOWN, see below" if faults else ""
        rows.append((name, (version or "not installed") + note))
    return rows


def _selection(document: dict[str, Any]) -> list[tuple[str, str]]:
    profile, selection, cache = document["profile"], document["selection"], document["cache"]
    by = profile["given_by"]
    rows = [("profile", profile["name"] + ("" if by == "default" else f" (given by {by})"))]
    if selection["by"] == "off":
        rows.append(("plugin", f"switched off by {selection['asked_by']}"))
    elif selection["plugin"]:
        asked_by = selection["asked_by"] or "the profile"
        rows.append(("plugin", f"{selection['plugin']}, selected by {asked_by}"))
    elif selection["by"] == "nobody":
        rows.append(("plugin", "nobody selects one; any that is configured may answer"))
    else:
        rows.append(("plugin", f"any, asked for by the profile {selection['profile']!r}"))
    if selection["file"]:
        rows.append(("written in", f"{selection['file']}, line {selection['line']}"))
    shared = f"yes, in {cache['folder']}" if cache["wanted"] else "no"
    shared += f" ({cache['asked_by']})" if cache["asked_by"] else ""
    rows.append(("shared cache", "wanted, but see below" if cache["problem"] else shared))
    return rows


def _chain(steps: list[dict[str, Any]], palette: Palette, indent: str) -> list[str]:
    """Return a line for each provider, and below it what it consists of."""
    # What is an error is told in full below.
    rows = [
        (step["provider"], step["status"], "see below" if _is_error(step) else step["reason"])
        for step in steps
    ]
    lines = []
    for step, line in zip(steps, table(rows, indent=indent), strict=True):
        lines.append(palette.paint(line, _COLOURS[step["status"]]))
        inner = indent + _INDENT
        states = [(each["name"], each["state"], _short(each)) for each in step["plugins"]]
        if states:
            lines += table(states, indent=inner)
        if step["source"]:
            asked = [each for each in step["source"] if each["status"] != _NOT_REACHED]
            lines += _chain(asked, palette, inner)
    return lines


def _is_error(step: dict[str, Any]) -> bool:
    return bool(step["status"] == Status.ERROR.value)


def _short(state: dict[str, Any]) -> str:
    return "see below" if state["state"] in {"broken", "error"} else str(state["reason"])


def _retrieved(retrieved: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [
        ("method", retrieved["method"]),
        ("access key", f"...{retrieved['access_key_ends_with']}"),
        ("expires at", retrieved["expires_at"] or "never, as far as is known"),
    ]
    if retrieved["advisory_at"]:
        rows.append(("renewed ahead from", retrieved["advisory_at"]))
        rows.append(("renewed at once from", retrieved["mandatory_at"]))
    return rows


def _sentences(sentences: list[str], palette: Palette, colour: str) -> list[str]:
    lines = []
    for sentence in sentences:
        first, *rest = textwrap.wrap(
            printable(sentence),
            _width(),
            initial_indent="- ",
            subsequent_indent=_INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )
        lines += [palette.paint(line, colour) for line in (first, *rest)]
    return lines


def _outcome(document: dict[str, Any], palette: Palette) -> str:
    answer = document["answer"]
    if answer is None:
        return palette.paint(_end(document), "red")
    name = f"the plugin {answer['plugin']}" if answer["plugin"] else answer["provider"]
    if answer["plugin"] and answer["provider"] != "plugin":
        name = f"{answer['provider']}, with those of {name}"
    if not answer["certain"]:
        return palette.paint(f"Credentials may come from {name}.", "yellow")
    verb = "come" if document["retrieved"] else "would come"
    colour = "green" if document["ok"] else "red"
    return palette.paint(f"Credentials {verb} from {name}{_note(document)}.", colour)


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
    if document["selection"]["plugin"] not in {None, document["answer"]["plugin"]}:
        return ", which contradicts what is selected"
    return ", but see the errors above"


def _width() -> int:
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    return shutil.get_terminal_size().columns if is_terminal else _WIDTH
