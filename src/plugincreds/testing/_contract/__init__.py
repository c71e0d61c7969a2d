"""All tests of the contract in one class, from which a plugin's author derives."""

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

    The name of the class begins with ``Test``. A test that needs a missing fixture is skipped,
    and says which one. AWS's variables and files, and installed plugins, are hidden before
    ``configured`` runs.

    Attributes:
        getter: The value of the entry point: "module:attribute".
        name: The name of the entry point. With it, the installed package is tested, too.
        profile: The profile in the getter's ``context``; "default" unless given.
        region: The region there; None unless given.
        options: The options there; empty unless given.
        foreign_loggers: Loggers of other packages, which are not searched for secrets;
            botocore's unless given.
        time_limit: How many seconds one call of the plugin may take; 10 unless given.

    Fixtures to override, each with ``@pytest.fixture`` above it:

    - ``configured`` sets up what the plugin needs to give credentials.
    - ``unconfigured`` comes after it, and makes the getter, or ``retrieve()``, decline. If
      options decide that, it returns those with which the plugin declines: ``{}`` for none.
    - ``failing`` comes after it, and makes ``retrieve()`` fail from then on. It may return
      secrets that no error may show, such as one in a damaged file: a str, or several.
    """
