"""What a program's first signature costs, with the keys from different places."""

from pathlib import Path

from benchmarks.environments import PLUGIN, Environments
from benchmarks.processes import Case, in_both_units
from benchmarks.rows import Row

QUESTION = "`import boto3`, a client, and its first signature; {} other packages installed"
NOTHING = "`import boto3`, a client, and no credentials are found; {} other packages installed"
KEYS_WITHOUT = "keys in the environment, without plugincreds"
KEYS_WITH = "the same keys, with plugincreds and no plugin"
AUTOMATIC = "a plugin, not selected"
BY_VARIABLE = "a plugin, selected by `AWS_CREDENTIAL_PLUGIN`"
BY_PROFILE = "a plugin, selected by the profile"
SHELL = "`credential_process`, a shell script, without plugincreds"
PYTHON = "`credential_process`, a Python script, without plugincreds"
EXPORT = "`credential_process = plugincreds export acme`"
WITHOUT = "without plugincreds"
NO_PLUGIN = "with plugincreds and no plugin"
DECLINES = "with a plugin that declines"
DECLINING = "def get_provider(): return None"
SIGN = """
import boto3, botocore.exceptions
client = boto3.client("sts", region_name="eu-central-1")
try:
    client.generate_presigned_url("get_caller_identity")
except botocore.exceptions.NoCredentialsError:
    pass
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
    unused = environments.python("with", "plugincreds")
    automatic = environments.python("automatic", "plugincreds", plugin=PLUGIN)
    declining = environments.python("declining", "plugincreds", plugin=DECLINING)
    export = f"credential_process = {automatic.with_name('plugincreds')} export acme"
    shell, script = directory / "answer.sh", python_script(directory)
    shell.write_text(f"echo '{ANSWER}'\n")
    plain = environments.variables

    def default(name: str, line: str) -> dict[str, str]:
        config = directory / name
        config.write_text(f"[default]\n{line}\n")
        return plain(AWS_CONFIG_FILE=str(config))

    cases = {
        KEYS_WITHOUT: Case(without, plain(**KEYS)),
        KEYS_WITH: Case(unused, plain(**KEYS)),
        AUTOMATIC: Case(automatic, plain()),
        BY_VARIABLE: Case(automatic, plain(AWS_CREDENTIAL_PLUGIN="acme")),
        BY_PROFILE: Case(automatic, default("by-profile", "credential_plugin = acme")),
        SHELL: Case(without, default("by-shell", f"credential_process = /bin/sh {shell}")),
        PYTHON: Case(without, default("by-python", f"credential_process = {without} -I {script}")),
        EXPORT: Case(automatic, default("by-export", export)),
    }
    # A chain that comes to plugins, as on a machine with a role.
    nothing = {
        WITHOUT: Case(without, plain()),
        NO_PLUGIN: Case(unused, plain()),
        DECLINES: Case(declining, plain()),
    }
    questions = {QUESTION: cases, NOTHING: nothing}
    return [
        row
        for question, of_question in questions.items()
        for row in in_both_units(question.format(distributions or "no"), SIGN, of_question, rounds)
    ]
