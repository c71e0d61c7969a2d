"""What a program's first signature costs, with the keys from different places."""

from pathlib import Path

from benchmarks.environments import PLUGIN, Environments
from benchmarks.processes import Case, in_both_units
from benchmarks.rows import Row

QUESTION = "`import boto3`, a client, and its first signature; {} other packages installed"
KEYS_WITHOUT = "keys in the environment, without plugincreds"
KEYS_WITH = "the same keys, with plugincreds and no plugin"
AUTOMATIC = "a plugin, not selected"
BY_VARIABLE = "a plugin, selected by `AWS_CREDENTIAL_PLUGIN`"
BY_PROFILE = "a plugin, selected by the profile"
SHELL = "`credential_process`, a shell script, without plugincreds"
PYTHON = "`credential_process`, a Python script, without plugincreds"
SIGN = """
import boto3
client = boto3.client("sts", region_name="eu-central-1")
client.generate_presigned_url("get_caller_identity")
"""
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
ANSWER = '{"Version": 1, "AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "secret"}'


def python_script(directory: Path) -> Path:
    """Write a `credential_process` of one line of Python."""
    script = directory / "answer.py"
    script.write_text(f"print('{ANSWER}')\n")
    return script


def rows(environments: Environments, directory: Path, distributions: int, rounds: int) -> list[Row]:
    """Compare them in environments that have this many other packages."""
    without = environments.python("without")
    automatic = environments.python("automatic", "plugincreds", plugin=PLUGIN)
    shell, script = directory / "answer.sh", python_script(directory)
    shell.write_text(f"echo '{ANSWER}'\n")
    plain = environments.variables

    def default(name: str, line: str) -> dict[str, str]:
        config = directory / name
        config.write_text(f"[default]\n{line}\n")
        return plain(AWS_CONFIG_FILE=str(config))

    cases = {
        KEYS_WITHOUT: Case(without, plain(**KEYS)),
        KEYS_WITH: Case(environments.python("with", "plugincreds"), plain(**KEYS)),
        AUTOMATIC: Case(automatic, plain()),
        BY_VARIABLE: Case(automatic, plain(AWS_CREDENTIAL_PLUGIN="acme")),
        BY_PROFILE: Case(automatic, default("by-profile", "credential_plugin = acme")),
        SHELL: Case(without, default("by-shell", f"credential_process = /bin/sh {shell}")),
        PYTHON: Case(without, default("by-python", f"credential_process = {without} -I {script}")),
    }
    return in_both_units(QUESTION.format(distributions or "no"), SIGN, cases, rounds)
