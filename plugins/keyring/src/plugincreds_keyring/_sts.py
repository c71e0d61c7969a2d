"""Long-term keys -> a session of STS, with a code of an MFA device or without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plugincreds import PluginError, RecoverableError, Value

from plugincreds_keyring._prompt import ask_for_code

if TYPE_CHECKING:
    from plugincreds import PluginContext

    from plugincreds_keyring._options import Options

# Where no region is configured. A session from there is valid in all regions of the partition
# that are not switched off.
_REGION = "us-east-1"
_PASSING = frozenset({"RequestLimitExceeded", "Throttling", "ThrottlingException"})
_SERVER_ERRORS = 500
_REJECTED = frozenset({"InvalidClientTokenId", "SignatureDoesNotMatch"})


def session_value(context: PluginContext, stored: Value, options: Options) -> Value:
    """Return temporary credentials for the stored keys.

    Raises:
        RecoverableError: STS cannot answer now, or does not accept the stored keys, the code or
            the settings.
    """
    if stored.token is not None:
        raise RecoverableError(
            f"What is stored for {options.item} has a session token, and STS makes no session "
            "of temporary keys",
            hint="remove duration_seconds and mfa_serial, or store long-term keys",
        )
    answer = _asked(context, stored, options)
    if isinstance(answer, Exception):
        raise answer
    keys = answer["Credentials"]
    return Value(
        keys["AccessKeyId"],
        keys["SecretAccessKey"],
        keys["SessionToken"],
        expiry_time=keys["Expiration"],
        account_id=stored.account_id,
    )


def _asked(context: PluginContext, stored: Value, options: Options) -> Any:
    """Return what STS answers; a failure is returned as well, so that it has no context.

    The frames of botocore, which a traceback may show, hold the code.
    """
    from botocore.exceptions import (  # noqa: PLC0415 - the session has loaded it
        BotoCoreError,
        ClientError,
    )

    sts = context.session.create_client(
        "sts",
        region_name=context.region or _REGION,
        aws_access_key_id=stored.access_key,
        aws_secret_access_key=stored.secret_key,
    )
    try:
        # The code is in no variable: a traceback may show those.
        return sts.get_session_token(**_arguments(options))
    except ClientError as error:
        return _refusal(error.response, options)
    except BotoCoreError as error:
        if isinstance(error, PluginError):  # such as that of a plugin which asks for itself
            raise
        return RecoverableError(
            f"STS cannot be asked for a session ({type(error).__name__}). See the network, the "
            "proxy and the profile's region"
        )


def _arguments(options: Options) -> dict[str, Any]:
    arguments: dict[str, Any] = {"DurationSeconds": options.duration_seconds}
    if options.mfa_serial is not None:
        code = ask_for_code(options.mfa_serial)
        arguments |= {"SerialNumber": options.mfa_serial, "TokenCode": code}
    return arguments


def _refusal(response: Any, options: Options) -> Exception:
    """Return the error for a refusal; not in the words of STS, which may repeat the code."""
    error = response.get("Error", {})
    code, text = str(error.get("Code")), str(error.get("Message"))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _PASSING or status >= _SERVER_ERRORS:
        return RecoverableError(f"STS makes no session now ({code})")
    if options.mfa_serial is not None and "MultiFactorAuthentication" in text:
        return RecoverableError(
            f"STS does not accept the code of the MFA device {options.mfa_serial} ({code})",
            hint="wait for the next code, see that mfa_serial names the device of the user whose "
            "keys are stored, and try again",
        )
    if code in _REJECTED:
        return RecoverableError(
            f"STS rejects the access key that is stored for {options.item} ({code})",
            hint=f"store the current one: plugincreds-keyring set {options.item.arguments}",
        )
    return RecoverableError(
        f"STS makes no session for the keys that are stored for {options.item} ({code})",
        hint="see what the user may do, and its duration_seconds and mfa_serial",
    )
