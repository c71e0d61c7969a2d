"""The doctor's document as text for people."""

import shutil
import textwrap
from typing import Any

from plugincreds._cli.aws_cli import FROZEN, UNKNOWN
from plugincreds._cli.doctor.steps import Status
from plugincreds._cli.selection import NOT_SELECTED
from plugincreds._cli.streams import STDOUT
from plugincreds._cli.terminal import Palette, table
from plugincreds._errors import printable

_COLOURS = {
    Status.ANSWERS.value: "green",
    Status.ASKED.value: "green",
    Status.ERROR.value: "red",
    Status.NOT_REACHED.value: "faint",
    Status.UNKNOWN.value: "yellow",
}
_FAULTS = (Status.ERROR.value, "broken")  # their sentences are among the errors and warnings
_WAYS = {"itself": "by itself", "profile": "two-line profile"}  # the others are commands
_INDENT = "  "
_WIDTH = 100  # of what is not a terminal


def doctor_lines(document: dict[str, Any], palette: Palette) -> list[str]:
    """Return what the doctor has to say, the outcome last."""
    parts = {
        "Environment": table(_environment(document), indent=_INDENT),
        "Selection": table(_selection(document), indent=_INDENT),
        "Chain": _chain(document["chain"], palette, _INDENT),
        "Clients without botocore": table(_clients(document["other_clients"]), indent=_INDENT),
        "Retrieved": table(_retrieved(document["retrieved"]), indent=_INDENT),
        "Warnings": _sentences(document["warnings"], palette, "yellow"),
        "Errors": _sentences(document["errors"], palette, "red"),
    }
    lines = []
    for title, part in parts.items():
        if part:
            lines += [palette.paint(title, "bold"), *part, ""]
    return [*lines, _outcome(document, palette)]


def _environment(document: dict[str, Any]) -> list[tuple[str, str]]:
    hook, bindings = document["startup_hook"], document["bindings"]
    rows = [("startup hook", "active" if hook["active"] else "NOT ACTIVE, see below")]
    if hook["startup_file"]:
        rows.append(("startup file", hook["startup_file"]))
    for name, version in document["versions"].items():
        modules = (f"{name}.credentials", f"{name}.botocore.credentials")
        note = ", UNEXPECTED API, see below" if any(map(bindings.get, modules)) else ""
        rows.append((name, (version or "not installed") + note))
    if document["aws_cli"]:
        rows.append(("aws", _aws_cli(document["aws_cli"])))
    return rows


def _aws_cli(found: dict[str, Any]) -> str:
    if found["kind"] == UNKNOWN:
        return f"{found['path']}; which plugins it finds is not known"
    plugins = ", ".join(found["plugins"]) or "no plugins"
    if found["kind"] == FROZEN:
        is_told = found["folders"] is not None
        lines = f"its lines find {plugins}" if is_told else "no lines under [plugins]"
        return f"{found['path']}, of AWS's own installer; {lines}"
    version = f", {found['version']}" if found["version"] else ""
    return f"{found['path']}{version}, run by {found['python']}; it finds {plugins}"


def _clients(clients: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return a row for each, with what gives it a plugin's credentials."""
    return [
        (
            f"{each['package']} {each['version']}",
            "; ".join(filter(None, (_ways(each), each["note"]))),
        )
        for each in clients
    ]


def _ways(client: dict[str, Any]) -> str:
    *others, last = [_WAYS.get(way, way) for way in client["reached_by"]] or ["nothing"]
    return f"{', '.join(others)} or {last}" if others else last


def _selection(document: dict[str, Any]) -> list[tuple[str, str]]:
    profile, selection, cache = document["profile"], document["selection"], document["cache"]
    by = profile["given_by"]
    rows = [("profile", profile["name"] + ("" if by == "default" else f" (given by {by})"))]
    if selection["by"] == "off":
        rows.append(("plugin", f"switched off by {selection['asked_by']}"))
    elif selection["plugin"]:
        rows.append(("plugin", f"{selection['plugin']}, selected by {selection['asked_by']}"))
    elif selection["by"] == NOT_SELECTED:
        rows.append(("plugin", "no plugin is selected; any that is configured may answer"))
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
    rows = [_row(step["provider"], step["status"], step["reason"]) for step in steps]
    lines = []
    for step, line in zip(steps, table(rows, indent=indent), strict=True):
        lines.append(palette.paint(line, _COLOURS.get(step["status"], "")))
        inner = indent + _INDENT
        states = [_row(each["name"], each["state"], each["reason"]) for each in step["plugins"]]
        lines += table(states, indent=inner)
        asked = [each for each in step["source"] if each["status"] != Status.NOT_REACHED.value]
        lines += _chain(asked, palette, inner)
    return lines


def _row(name: str, state: str, reason: str) -> tuple[str, str, str]:
    return name, state, "see below" if state in _FAULTS else reason


def _retrieved(retrieved: dict[str, Any] | None) -> list[tuple[str, str]]:
    if retrieved is None or retrieved["method"] is None:
        return []
    rows = [
        ("method", retrieved["method"]),
        ("access key", f"...{retrieved['access_key_ends_with']}"),
        ("expires at", retrieved["expires_at"] or "never, as far as is known"),
    ]
    if retrieved["advisory_at"]:
        rows.append(("advisory refresh from", retrieved["advisory_at"]))
        rows.append(("mandatory refresh from", retrieved["mandatory_at"]))
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
    origin = document["answer"]
    if origin is None:
        return palette.paint(_end(document), "red")
    name = f"the plugin {origin['plugin']}" if origin["plugin"] else origin["provider"]
    if origin["plugin"] and origin["provider"] != "plugin":
        name = f"{origin['provider']}, with those of {name}"
    if not origin["certain"]:
        doubt = "; --retrieve tells whether it declines" if origin["plugin"] else ""
        return palette.paint(f"Credentials may come from {name}{doubt}.", "yellow")
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
    if not STDOUT.isatty():
        return _WIDTH
    # It respects COLUMNS, and otherwise asks sys.__stdout__, which is stderr.
    return shutil.get_terminal_size((STDOUT.columns() or _WIDTH, 0)).columns
