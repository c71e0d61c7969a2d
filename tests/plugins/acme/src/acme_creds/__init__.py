"""The plugin of the how-to pages."""

from acme_broker import Broker

from plugincreds import PluginContext


def get_provider(context: PluginContext) -> Broker:
    return Broker(context.options.get("server", ""), context.options.get("role", ""))
