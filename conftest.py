"""Loads the fixtures that several folders of tests share, those of the plugins among them."""

pytest_plugins = ["tests.support.fixtures"]
