"""The wrapper around `create_credential_resolver`: its arguments, and faults of ours."""

from pathlib import Path

import pytest

from tests.hook.programs import run


def test_arguments_pass_through() -> None:
    """Guards parameters that botocore adds later, and a session that is given by name."""
    run(
        """
        import botocore.credentials as module, botocore.session, inspect
        real, seen = module.create_credential_resolver, []
        def newer(session, cache=None, region_name=None, quirk=None, *rest, extra, **more):
            seen.append([cache, region_name, quirk, rest, extra, more])
            return real(session, cache, region_name)
        module.create_credential_resolver = newer
        startup.install()
        function = module.create_credential_resolver
        assert inspect.signature(function) == inspect.signature(newer)
        session = botocore.session.Session()
        for resolver in [
            function(session, None, "eu-west-1", 1, 2, extra=3, later=4),
            function(extra=3, later=4, quirk=1, region_name="eu-west-1", session=session),
        ]:
            assert [each.METHOD for each in resolver.providers].count("plugin") == 1
        assert seen == [[None, "eu-west-1", 1, (2,), 3, {"later": 4}],
                        [None, "eu-west-1", 1, (), 3, {"later": 4}]]
        try:
            function()
        except TypeError as error:
            assert "newer() missing" in str(error)
        else:
            raise AssertionError
        """,
        startup_files=False,
    )


BLOCKED = {
    "absent": """
        sys.modules["plugincreds"] = None
    """,
    "half removed": """
        import types
        sys.modules["plugincreds"] = types.ModuleType("plugincreds")
    """,
    "broken": """
        class Finder:
            @staticmethod
            def find_spec(name, path=None, target=None):
                if name == "plugincreds":
                    raise RuntimeError("it does not fit")
        sys.meta_path.insert(0, Finder)
    """,
}


@pytest.mark.parametrize("fault", BLOCKED)
def test_fault_of_ours(fault: str, tmp_path: Path) -> None:
    """Guards botocore's own chain while our package can't be imported, unless one is selected."""
    (tmp_path / "config").write_text("[profile dev]\nregion = eu-west-1\n")
    variables = {"AWS_CONFIG_FILE": str(tmp_path / "config")}
    botocores_own = "print(methods(), methods(profile='dev'))"
    expected = run(botocores_own, variables=variables, startup_files=False)
    assert "'plugin'" not in expected

    blocked = BLOCKED[fault]
    assert run(f"{blocked}\n        {botocores_own}", variables=variables) == expected
    for name in ("", " None ", "none"):
        chosen = {"AWS_CREDENTIAL_PLUGIN": name}
        assert run(f"{blocked}\n        {botocores_own}", variables=variables | chosen) == expected
    run(
        f"""{blocked}
        import botocore.session
        session = botocore.session.Session()
        for attempt in methods, methods, session.get_credentials, session.get_credentials:
            try:
                attempt()
            except ImportError as error:
                message = str(error)
                assert isinstance(error.__cause__, Exception)
            else:
                raise AssertionError
            assert "AWS_CREDENTIAL_PLUGIN" in message and "'vault'" in message, message
            assert "pip install --force-reinstall plugincreds" in message, message
        assert "env" not in methods(profile="dev")
        """,
        variables=variables | {"AWS_CREDENTIAL_PLUGIN": " vault "},
    )


@pytest.mark.parametrize("fault", BLOCKED)
def test_fault_of_ours_where_a_profile_selects(fault: str, tmp_path: Path) -> None:
    """Guards that nobody else signs for a profile, or for a role with such a source."""
    (tmp_path / "config").write_text(
        "[profile asks]\ncredential_plugin = vault\naws_access_key_id = A\n"
        "aws_secret_access_key = s\n[profile off]\ncredential_plugin = none\n"
        "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = asks\n"
    )
    run(
        f"""{BLOCKED[fault]}
        import botocore.session
        assert "plugin" not in methods(profile="off")
        for profile in ("asks", "role"):
            try:
                botocore.session.Session(profile=profile).get_credentials()
            except ImportError as error:
                message = str(error)
            else:
                raise AssertionError
            assert "profile 'asks' selects the credential plugin 'vault'" in message, message
            assert "pip install --force-reinstall plugincreds" in message, message
        """,
        variables={"AWS_CONFIG_FILE": str(tmp_path / "config")},
    )


def test_a_botocore_without_the_attribute_that_leads_to_the_session(tmp_path: Path) -> None:
    """Guards selected profiles against an upstream that changes, and all others against us."""
    (tmp_path / "config").write_text(
        "[profile asks]\ncredential_plugin = vault\naws_access_key_id = A\n"
        "aws_secret_access_key = s\n[profile plain]\naws_access_key_id = B\n"
        "aws_secret_access_key = s\n"
    )
    run(
        """
        import logging
        logging.disable()
        import botocore.credentials as module, botocore.session
        from plugincreds import PluginError
        real = module.ProfileProviderBuilder.__init__
        def changed(self, session, *arguments, **keywords):
            real(self, session, *arguments, **keywords)
            self.the_session = vars(self).pop("_session")
        module.ProfileProviderBuilder.__init__ = changed
        module.ProfileProviderBuilder._create_web_identity_provider = lambda *_: Nothing
        module.ProfileProviderBuilder._create_sso_provider = lambda *_: Nothing
        module.ProfileProviderBuilder._create_login_provider = lambda *_: Nothing
        module.ProfileProviderBuilder._create_shared_credential_provider = lambda *_: Nothing
        module.ProfileProviderBuilder._create_process_provider = lambda *_: Nothing
        module.ProfileProviderBuilder._create_config_provider = lambda *_: Nothing
        class Nothing:
            METHOD = CANONICAL_NAME = "nothing"
            load = staticmethod(lambda: None)
        try:
            methods(profile="asks")
        except PluginError as error:
            assert error.plugin == "vault"
            assert "profile 'asks' selects the credential plugin 'vault'" in str(error), error
        else:
            raise AssertionError
        assert "nothing" in methods(profile="plain")
        """,
        variables={"AWS_CONFIG_FILE": str(tmp_path / "config")},
    )


def test_providers_is_wrapped_once_and_restored() -> None:
    """Guards the second of the callables that are wrapped: as often, and undone as well."""
    run(
        """
        import botocore.credentials as module
        real = module.ProfileProviderBuilder.providers
        for _ in range(2):
            startup.install(); startup.install()
            builder = module.ProfileProviderBuilder
            assert layers(builder.providers) == 1 and builder.providers.__wrapped__ is real
            assert builder.providers.__qualname__ == "ProfileProviderBuilder.providers"
            startup.uninstall()
            assert module.ProfileProviderBuilder.providers is real
        startup.install()
        importlib.reload(module)
        assert layers(module.ProfileProviderBuilder.providers) == 1
        held = module.ProfileProviderBuilder.providers
        startup.uninstall()
        import botocore.session
        builder = module.ProfileProviderBuilder(botocore.session.Session())
        assert len(held(builder, "default")) == len(builder.providers("default"))
        assert "plugincreds" not in sys.modules
        """,
        startup_files=False,
    )


def test_half_of_the_package_is_there(tmp_path: Path) -> None:
    """Guards botocore's own chain where what retrieves is gone, unless a plugin is selected."""
    (tmp_path / "config").write_text("[profile asks]\ncredential_plugin = vault\n")
    program = """
        import logging
        logging.disable()
        sys.modules["plugincreds._source"] = None
        import os, botocore.session
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            del os.environ[name]
        from plugincreds import PluginError
        assert botocore.session.Session().get_credentials() is None
        os.environ["AWS_CREDENTIAL_PLUGIN"] = sys.argv[1]
        try:
            botocore.session.Session(profile=sys.argv[2] or None).get_credentials()
        except PluginError as error:
            assert "has no effect. Install it again" in str(error), error
        else:
            raise AssertionError
        """
    variables = {"AWS_CONFIG_FILE": str(tmp_path / "config")}
    run(program, "vault", "", variables=variables)
    run(program, "", "asks", variables=variables)
