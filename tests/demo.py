"""The demonstration behind `make demo`: an unmodified boto3 program signs with a plugin's keys.

Run it with `python -m tests.demo`. It ends with status 0 only if every outcome is the one that it
announced.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.environments import Environment, Wheels, pinned, without_aws
from tests.support.moto_process import Identity, MotoServer, allow

PROGRAM = Path(__file__).with_name("demo_program.py")
POLICY = allow("s3:CreateBucket", "s3:PutObject", "s3:GetObject", "s3:ListBucket")
INTERRUPTED = 130  # the status of a program that Ctrl-C has ended


@dataclass(frozen=True, slots=True)
class Scene:
    """One run of the program, and what must come of it."""

    title: str
    wanted: tuple[str, ...]
    variables: dict[str, str] = field(default_factory=dict)
    succeeds: bool = False
    wrong_secret: bool = False


def scenes(identity: Identity) -> list[Scene]:
    """Return the four scenes of the demonstration."""
    return [
        Scene(
            "The program runs; nothing but the installed plugin gives it credentials",
            (f"I am {identity.arn}", "read back: signed by a plugin", "listed: notes/hello.txt"),
            succeeds=True,
        ),
        Scene(
            "The same with another secret in the file: the server must refuse the signature",
            ("SignatureDoesNotMatch",),
            wrong_secret=True,
        ),
        Scene(
            "The same with AWS_CREDENTIAL_PLUGIN=none: there must be no credentials at all",
            ("NoCredentialsError",),
            {"AWS_CREDENTIAL_PLUGIN": "none"},
        ),
        Scene(
            "The same with AWS_CREDENTIAL_PLUGIN=json-fiel: a typed error must name json-file",
            ("PluginNotFoundError", "json-file"),
            {"AWS_CREDENTIAL_PLUGIN": "json-fiel"},
        ),
    ]


def say(text: str, indent: str = "") -> None:
    """Print at once, so that a person sees what goes on."""
    for line in text.splitlines():
        print(f"{indent}{line}", flush=True)


def write_keys(path: Path, identity: Identity, *, wrong: bool) -> None:
    """Write the file of the sample plugin, readable by its owner alone."""
    document = identity.document()
    if wrong:
        document["Secret"] = "not" + document["Secret"][3:]
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file)


def play(scene: Scene, environment: Environment, keys: Path, identity: Identity) -> bool:
    """Run the program once, show what came back, and tell whether it was what was wanted."""
    say(f"\n{scene.title}")
    write_keys(keys, identity, wrong=scene.wrong_secret)
    outcome = environment.run(
        PROGRAM, variables={"PLUGIN_CREDS_FILE": str(keys), **scene.variables}
    )
    last_words = outcome.stderr.splitlines()[-1:]
    came_back = "\n".join([*outcome.stdout.splitlines(), *last_words])
    say(came_back, "    | ")
    as_wanted = (outcome.returncode == 0) is scene.succeeds
    as_wanted = as_wanted and all(words in came_back for words in scene.wanted)
    say(
        "ok" if as_wanted else f"NOT WHAT WAS WANTED: {', '.join(scene.wanted)}\n{outcome.stderr}",
        "    ",
    )
    return as_wanted


def demonstrate(directory: Path) -> bool:
    """Set the stage in this directory and play all scenes."""
    say("Starting moto on a free loopback port; it checks signatures and policies.")
    with MotoServer() as server:
        say(f"Listening at {server.url}. Creating an IAM user, a key and a policy over its API.")
        identity = server.create_identity("demo", POLICY)
        say(f"Created {identity.arn}; its keys go into a JSON file that only its owner can read.")
        say("Building the wheels; installing them and boto3 into a fresh virtual environment.")
        environment = Environment(directory / "environment", Wheels(directory / "wheels"), server)
        environment.create()
        environment.install(*pinned("boto3", "botocore"), "plugincreds", "plugincreds-json-file")
        keys = directory / "keys.json"
        played = [play(scene, environment, keys, identity) for scene in scenes(identity)]
        return all(played)


def main() -> int:
    """Run the demonstration and return its status."""
    settings = without_aws(os.environ)
    os.environ.clear()
    os.environ.update(settings, AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
    os.environ["NO_PROXY"] = "127.0.0.1"
    try:
        with tempfile.TemporaryDirectory(prefix="plugincreds-demo-") as directory:
            as_wanted = demonstrate(Path(directory))
    except KeyboardInterrupt:
        say("\nInterrupted; the server is stopped.")
        return INTERRUPTED
    say("\nAll as wanted." if as_wanted else "\nSomething was not as wanted; see above.")
    return 0 if as_wanted else 1


if __name__ == "__main__":
    sys.exit(main())
