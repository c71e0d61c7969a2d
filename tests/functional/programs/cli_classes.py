"""Report where the classes are defined that the AWS CLI signs with, and catches.

It loads the CLI as `aws` does. Then it does the same with the copy of botocore's module that has
the CLI's own name, and asks for a plugin that is not installed.
"""

import inspect
import json
import os

# The tests' own environment has no CLI. Here it comes first, and makes its copy "botocore".
import awscli.botocore.credentials  # type: ignore[import-not-found]
import awscli.clidriver  # type: ignore[import-not-found]
import botocore.credentials
import botocore.exceptions


def files(kind: type) -> dict[str, str]:
    """Return the file in which each class is defined that this one is made of."""
    return {base.__name__: inspect.getfile(base) for base in kind.__mro__ if base not in BUILT_IN}


def caught() -> dict[str, str]:
    """Return the same of the error that a selected plugin's absence is."""
    os.environ["AWS_CREDENTIAL_PLUGIN"] = "alhpa"
    try:
        awscli.clidriver.create_clidriver().session.get_credentials()
    except botocore.exceptions.BotoCoreError as error:
        return files(type(error))
    raise AssertionError


BUILT_IN = (object, tuple, Exception, BaseException)
session = awscli.clidriver.create_clidriver().session
credentials = session.get_credentials()
other = awscli.botocore.credentials.create_credential_resolver(session).load_credentials()
report = {
    "methods": [credentials.method, other.method],
    "credentials": files(type(credentials)),
    "frozen": files(type(credentials.get_frozen_credentials())),
    "error": caught(),
    "is_refreshable": [
        isinstance(credentials, botocore.credentials.RefreshableCredentials),
        isinstance(other, awscli.botocore.credentials.RefreshableCredentials),
    ],
}
print(json.dumps(report))
