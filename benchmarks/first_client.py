"""What a program's first signature costs, with the keys from different places."""

import time
from functools import partial
from pathlib import Path

from benchmarks.environments import Environments
from benchmarks.instructions import counted
from benchmarks.rows import Row, in_turn
from tests.support.environments import checked

QUESTION = "`import boto3`, a client, and its first signature, with {} packages installed"
COUNTED = "the same, in instructions"
PYTHON = "`credential_process`, a Python script"
SIGN = """
import boto3
client = boto3.client("sts", region_name="eu-central-1")
client.generate_presigned_url("get_caller_identity")
"""
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
ANSWER = '{"Version": 1, "AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "secret"}'


def milliseconds(python: Path, variables: dict[str, str]) -> float:
    """Return how long one process takes, from its start to its end."""
    started = time.perf_counter()
    checked([str(python), "-c", SIGN], variables)
    return (time.perf_counter() - started) * 1000


def process_config(directory: Path, name: str, command: str) -> dict[str, str]:
    """Return the variable for a configuration whose default profile has a `credential_process`."""
    config = directory / name
    config.write_text(f"[default]\ncredential_process = {command}\n")
    return {"AWS_CONFIG_FILE": str(config)}


def rows(environments: Environments, directory: Path, distributions: int, rounds: int) -> list[Row]:
    """Compare them, by time and by instructions."""
    without = environments.python("without")
    ours = environments.python("with", "plugincreds")
    automatic = environments.python("automatic", "plugincreds", plugin=True)
    shell, script = directory / "answer.sh", directory / "answer.py"
    shell.write_text(f"echo '{ANSWER}'\n")
    script.write_text(f"print('{ANSWER}')\n")
    keys, plain = environments.variables(**KEYS), environments.variables
    by_shell = process_config(directory, "by-shell", f"/bin/sh {shell}")
    by_python = process_config(directory, "by-python", f"{without} -I {script}")
    cases = {
        "keys in the environment, without plugincreds": (without, keys),
        "the same, with plugincreds": (ours, keys),
        "a plugin that is not selected": (automatic, plain()),
        "`credential_process`, a shell script": (without, plain(**by_shell)),
        PYTHON: (without, plain(**by_python)),
    }
    question = QUESTION.format(distributions)
    found = in_turn([partial(milliseconds, *case) for case in cases.values()], rounds)
    timed = [
        Row(question, who, f"{median:.0f} ms", factor)
        for who, (median, factor) in zip(cases, found, strict=True)
    ]
    in_process = {who: case for who, case in cases.items() if "process" not in who}
    return [*timed, *counted(COUNTED, SIGN, in_process, 1)]
