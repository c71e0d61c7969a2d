"""All tests of the contract in one class, for a plugin's author to derive from."""

from plugincreds.testing._contract.chain_tests import ChainTests
from plugincreds.testing._contract.getter_tests import GetterTests
from plugincreds.testing._contract.is_expired_tests import IsExpiredTests
from plugincreds.testing._contract.secrecy_tests import SecrecyTests
from plugincreds.testing._contract.value_tests import ValueTests


class PluginContract(ChainTests, SecrecyTests, IsExpiredTests, ValueTests, GetterTests):
    """Tests that a plugin keeps its contract; pytest collects them from a derived class.

    ::

        class TestVault(PluginContract):
            getter = "acme_creds:get_provider"

            @pytest.fixture
            def configured(self, monkeypatch):
                monkeypatch.setenv("ACME_URL", "https://login.example")

    The name of the class begins with ``Test``. A test whose fixture is not provided is skipped,
    and says which one it needs. AWS's variables and files, and installed plugins, are set aside
    before ``configured``.

    Attributes:
        getter: Where the getter is, as the entry point says it: "module:attribute".
        name: The name of the entry point; with it, its declaration is tested, too.
        profile: What the getter's ``context`` says, "default" unless given.
        region: The same, None unless given.
        options: The same, empty unless given.
        foreign_loggers: Loggers of other packages, which may log what they like, botocore's
            unless given.
        time_limit: How many seconds one call of the plugin may take, 10 unless given.

    Fixtures to override, each with ``@pytest.fixture`` above it:

    - ``configured`` sets up what the plugin needs to give credentials.
    - ``unconfigured`` comes after it, and makes the getter, or ``retrieve()``, decline.
    - ``failing`` comes after it, and makes ``retrieve()`` fail from then on. It may return a str,
      or several, that no error may show, such as a secret in a damaged file.
    """
