"""Where the command `aws` would sign with other credentials than boto3, or not start at all."""

import os
from collections.abc import Iterator, Mapping

from plugincreds._cli.aws_cli import FROZEN, AwsCli
from plugincreds._cli.doctor.examination import Examination
from plugincreds._profile_selection import process_difference
from plugincreds._settings import PROCESS_KEY


def aws_cli_warnings(
    examination: Examination, plugin: str | None, environ: Mapping[str, str]
) -> Iterator[str]:
    """Yield a sentence where the command does not use the plugin that boto3 would use."""
    found = examination.aws_cli
    if found is None:
        return
    if found.fault:
        yield found.fault
    elif plugin and found.plugins is not None and plugin not in found.plugins:
        yield from _of_missing_plugin(examination, found, plugin, environ)


def _of_missing_plugin(
    examination: Examination, found: AwsCli, name: str, environ: Mapping[str, str]
) -> Iterator[str]:
    told = f"{found.path} does not use the credential plugin {name!r}, because "
    packages = " and ".join({each.distribution for each in examination.discovery.plugins[name]})
    if found.kind != FROZEN:
        yield f"{told}it runs in {found.python}: install {packages} there, too."
        return
    profile = examination.profile
    section = examination.sections.get(profile, {})
    if PROCESS_KEY in section and not process_difference(environ, section, profile, name):
        return
    export = f"{PROCESS_KEY} = plugincreds export {name}"
    if found.folders is None:
        yield (
            f"{told}AWS's own installer made it, and it finds plugins by two lines in its "
            "configuration file only. Run plugincreds cli-config --write, or give the profile the "
            f"line {export}, too."
        )
    else:
        yield (
            f"{told}it is not in {os.pathsep.join(found.folders)}, the folder that the lines under "
            f"[plugins] name. Install {packages} there, or give the profile the line {export}, too."
        )
