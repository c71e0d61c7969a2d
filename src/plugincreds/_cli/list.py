"""`plugincreds list`: what is installed, and which of it is selected. Imports no plugin."""

import argparse
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from plugincreds._cli.leftovers import leftover_notes
from plugincreds._cli.selection import (
    NOT_SELECTED,
    SelectionInEffect,
    selection_in_effect,
    with_location,
)
from plugincreds._cli.streams import STDOUT, waiting_for
from plugincreds._cli.terminal import (
    Palette,
    print_json,
    print_lines,
    sentence,
    wrapped,
    wrapped_table,
)
from plugincreds._errors import PluginError
from plugincreds._plugins.discovery import GROUP, Discovery, discovered
from plugincreds._plugins.loading import load
from plugincreds._plugins.references import InstalledPlugin
from plugincreds._settings import asked_by_variable

_SUMMARY = "show the installed credential plugins"
_FILES = {
    "AWS_CONFIG_FILE": "~/.aws/config",
    "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials",
}


def add_parser(commands: Any) -> None:
    """Add the command to those of the program."""
    parser = commands.add_parser("list", help=_SUMMARY, description=__doc__, allow_abbrev=False)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--check", action="store_true", help="import each plugin, and report those that are broken"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the plugins; 1 if one cannot be used, or the selected one is missing."""
    discovery = discovered()
    selection = _selection_here(os.environ)
    document = _document(discovery, selection, check=arguments.check)
    if arguments.json:
        print_json(document)
    else:
        print_lines(_lines(document, Palette(STDOUT, os.environ)))
    return 0 if document["ok"] else 1


def _selection_here(environ: Mapping[str, str]) -> SelectionInEffect:
    """Return what is selected; botocore reads the files, if there is one and it matters."""
    files = {name: Path(environ.get(name) or path) for name, path in _FILES.items()}
    if asked_by_variable(environ) or not any(map(_exists, files.values())):
        return selection_in_effect(environ, {}, "default")
    from botocore.session import Session  # noqa: PLC0415 - half a second that most need not wait

    from plugincreds._bindings.sessions import active_profile, profiles_of  # noqa: PLC0415

    session = Session()
    try:
        session.get_scoped_config()  # raises if there is no such profile
        selection = selection_in_effect(environ, profiles_of(session), active_profile(session))
    except Exception as error:  # noqa: BLE001 - a file that botocore cannot read
        problem = f"The profiles cannot be read. {sentence(error)}"
        return SelectionInEffect(NOT_SELECTED, problem=problem)
    names = ("config_file", "credentials_file")
    return with_location(selection, *map(session.get_config_variable, names))


def _exists(path: Path) -> bool:
    try:
        return path.expanduser().exists()
    except (OSError, RuntimeError):
        return False


def _document(discovery: Discovery, selection: SelectionInEffect, *, check: bool) -> dict[str, Any]:
    plugins = [
        _entry(discovery, plugin, selection, check=check)
        for several in discovery.plugins.values()
        for plugin in several
    ]
    problem = selection.problem
    # A name that several packages declare is reported in their rows.
    if problem is None and selection.plugin and selection.plugin not in discovery.plugins:
        problem = _error_of(discovery.the_one, selection.plugin, selection.asked_by)
    problems = [] if problem is None else [problem]
    is_broken = any(plugin["problem"] for plugin in plugins) or discovery.unreadable
    return {
        "ok": not (problems or is_broken),
        "plugins": plugins,
        "selection": asdict(selection),
        "problems": problems,
        "unreadable": list(discovery.unreadable),
        "leftovers": leftover_notes(),
    }


def _entry(
    discovery: Discovery, plugin: InstalledPlugin, selection: SelectionInEffect, *, check: bool
) -> dict[str, Any]:
    fault = discovery.fault(plugin.name)
    problem = fault and f"The credential plugin {plugin.name!r} cannot be used: {fault}."
    if check and problem is None:
        with waiting_for(f"the import of the credential plugin {plugin.name!r}"):
            problem = _error_of(load, plugin)
    is_selected = plugin.name == selection.plugin
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "entry_point": plugin.value,
        "location": plugin.location,
        "selected": is_selected,
        "selected_by": selection.asked_by if is_selected else None,
        "checked": check,
        "problem": problem,
    }


def _error_of(function: Callable[..., object], *arguments: object) -> str | None:
    """Call a function, and return the error that it raises, as a sentence, or None."""
    try:
        function(*arguments)
    except PluginError as error:
        return str(error)
    return None


def _lines(document: dict[str, Any], palette: Palette) -> list[str]:
    """Return what is selected, what is wrong, and then the plugins."""
    plugins, selection = document["plugins"], document["selection"]
    lines = wrapped(_verdict(document))
    if selection["file"]:
        lines += wrapped(
            f"The selection is written in {selection['file']}, line {selection['line']}."
        )
    bad = [plugin["problem"] for plugin in plugins if plugin["problem"]]
    bad += [f"{problem}." for problem in document["unreadable"]] + document["problems"]
    notes = [(problem, "red") for problem in dict.fromkeys(bad)]
    notes += [(note, "yellow") for note in document["leftovers"]]
    for note, colour in notes:
        lines += [palette.paint(line, colour) for line in wrapped(note, "- ", "  ")]
    if not plugins:
        none = f"No credential plugin is installed: no package declares one in the group {GROUP!r}."
        return [*lines, "", *wrapped(none)]
    lines.append("")
    rows = [row for plugin in plugins for row in _rows(plugin)]
    colours = [_colour(plugin) for plugin in plugins for _ in range(2)]
    for row, colour in zip(wrapped_table(rows), colours, strict=True):
        lines += [palette.paint(line, colour) for line in row]
    return lines


def _verdict(document: dict[str, Any]) -> str:
    selection, problems = document["selection"], document["problems"]
    if selection["plugin"]:
        broken = any(each["selected"] and each["problem"] for each in document["plugins"])
        but = ", but cannot be used" if problems or broken else ""
        return f"The plugin {selection['plugin']} is selected by {selection['asked_by']}{but}."
    if problems:
        return "Which plugin is selected cannot be told."
    if selection["by"] == "off":
        return f"Plugins are switched off by {selection['asked_by']}."
    if selection["by"] == NOT_SELECTED:
        return "No plugin is selected; any that is configured may answer."
    return f"The profile {selection['profile']!r} asks for any plugin."


def _rows(plugin: dict[str, Any]) -> list[tuple[str, str]]:
    """Return two rows: what the plugin is and is used for, and where it is."""
    states = [f"selected by {plugin['selected_by']}"] if plugin["selected"] else []
    if plugin["problem"]:
        states.append("cannot be used, see above")
    elif plugin["checked"]:
        states.append("loads")
    state = ", ".join(states) or "installed"
    return [
        (plugin["name"], f"{plugin['distribution']} {plugin['version']}: {state}"),
        ("", f"{plugin['entry_point']} in {plugin['location'] or '?'}"),
    ]


def _colour(plugin: dict[str, Any]) -> str:
    if plugin["problem"]:
        return "red"
    return "green" if plugin["selected"] else ""
