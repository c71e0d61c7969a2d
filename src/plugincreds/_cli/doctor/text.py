"""The doctor's document as text for people."""

from typing import Any

from plugincreds._cli.aws_cli import FROZEN, UNKNOWN
from plugincreds._cli.doctor.steps import Status
from plugincreds._cli.doctor.verdict import decided, reason, verdict
from plugincreds._cli.selection import NOT_SELECTED
from plugincreds._cli.terminal import Palette, wrapped, wrapped_table

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


def doctor_lines(document: dict[str, Any], palette: Palette, *, verbose: bool) -> list[str]:
    """Return what the doctor has to say: the verdict, why, what has decided it, then the rest."""
    sentences, colour = verdict(document)
    lines = [palette.paint(line, colour) for text in sentences for line in wrapped(text)]
    for sentence in filter(None, (reason(document), decided(document))):
        lines += wrapped(sentence)
    parts = {
        "Errors": _sentences(document["errors"], palette, "red"),
        "Warnings": _sentences(document["warnings"], palette, "yellow"),
        "Retrieved": _table(_retrieved(document["retrieved"])),
        "Selection": _table(_selection(document)),
        "Chain": _chain(document["chain"], palette, _INDENT, verbose=verbose),
        "Clients without botocore": _table(_clients(document["other_clients"])),
        "Environment": _table(_environment(document, verbose=verbose)),
    }
    for title, part in parts.items():
        if part:
            lines += ["", palette.paint(title, "bold"), *part]
    return lines


def _table(rows: list[tuple[str, str]]) -> list[str]:
    return [line for lines in wrapped_table(rows, indent=_INDENT) for line in lines]


def _environment(document: dict[str, Any], *, verbose: bool) -> list[tuple[str, str]]:
    hook, bindings = document["startup_hook"], document["bindings"]
    rows = [("startup hook", "active" if hook["active"] else "NOT ACTIVE, see above")]
    if hook["startup_file"]:
        rows.append(("startup file", hook["startup_file"]))
    if verbose:
        rows.append(("startup module", hook["module"]))
    for name, version in document["versions"].items():
        modules = (f"{name}.credentials", f"{name}.botocore.credentials")
        note = ", UNEXPECTED API, see above" if any(map(bindings.get, modules)) else ""
        rows.append((name, (version or "not installed") + note))
    if document["aws_cli"]:
        rows.append(("aws", _aws_cli(document["aws_cli"])))
    return rows


def _aws_cli(found: dict[str, Any]) -> str:
    if found["kind"] == UNKNOWN:
        return f"which plugins it finds is not known; {found['path']}"
    plugins = ", ".join(found["plugins"]) or "no plugins"
    if found["kind"] == FROZEN:
        is_told = found["folders"] is not None
        lines = f"its lines find {plugins}" if is_told else "no lines under [plugins]"
        return f"{lines}; {found['path']}, of AWS's own installer"
    version = f", {found['version']}" if found["version"] else ""
    return f"finds {plugins}; {found['path']}{version}, run by {found['python']}"


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
    if not document["chain"]:  # the profiles cannot be read, or there is no such profile
        return rows
    if selection["by"] == "off":
        rows.append(("plugin", f"switched off by {selection['asked_by']}"))
    elif selection["plugin"] and selection["off_by"]:
        but = f"but plugins are switched off by {selection['off_by']}"
        rows.append(("plugin", f"{selection['plugin']}, {but}"))
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
    rows.append(("shared cache", "wanted, but see above" if cache["problem"] else shared))
    return rows


def _chain(
    steps: list[dict[str, Any]], palette: Palette, indent: str, *, verbose: bool
) -> list[str]:
    """Return the providers, below each what it consists of, and at the end those not reached."""
    names = [each["provider"] for each in steps]
    steps = [each | {"provider": _name(each, names)} for each in steps]
    reached = [each for each in steps if verbose or each["status"] != Status.NOT_REACHED.value]
    rows = [_row(each["status"], each["provider"], each["reason"]) for each in reached]
    missed = [each for each in steps if each not in reached]
    if missed and indent == _INDENT:
        told = ", ".join(each["provider"] for each in missed)
        rows.append((Status.NOT_REACHED.value, f"{told}: {missed[0]['reason']}"))
        reached.append({"status": Status.NOT_REACHED.value, "plugins": (), "source": ()})
    lines, inner = [], indent + _INDENT
    for step, own in zip(reached, wrapped_table(rows, indent=indent), strict=True):
        lines += [palette.paint(line, _COLOURS.get(step["status"], "")) for line in own]
        states = [_row(each["state"], each["name"], each["reason"]) for each in step["plugins"]]
        lines += [line for state in wrapped_table(states, indent=inner) for line in state]
        lines += _chain(step["source"], palette, inner, verbose=verbose)
    return lines


def _name(step: dict[str, Any], names: list[str]) -> str:
    """Return a provider's name; of several plugins in a chain, with the profile that asks."""
    name, profile = str(step["provider"]), step["profile"]
    return name if profile is None or names.count(name) == 1 else f"{name} (of {profile!r})"


def _row(state: str, name: str, reason: str) -> tuple[str, str]:
    return state, f"{name}: {'see above' if state in _FAULTS else reason}"


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
        lines += [palette.paint(line, colour) for line in wrapped(sentence, "- ", _INDENT)]
    return lines
