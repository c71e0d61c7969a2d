"""How the documentation is built: `make docs`."""

import inspect
from importlib import metadata

import plugincreds

for name in plugincreds.__all__:
    getattr(plugincreds, name)  # a public class has its public name once somebody has asked for it

# Its parameters are ours: a getter is given one, and nobody else makes one.
plugincreds.PluginContext.__signature__ = inspect.Signature()

project = "plugincreds"
author = "The plugincreds developers"
release = metadata.version("plugincreds")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "drawing"]
html_theme = "furo"
nitpicky = True
# Their inventories are on the network, and the build must not depend on that.
_LIBRARIES = "botocore|collections|contextlib|datetime|os|pathlib|types"
nitpick_ignore_regex = [("py:.*", rf"({_LIBRARIES})(\..*)?")]
autodoc_typehints = "description"
autodoc_preserve_defaults = True  # as the source has them: no addresses of functions
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
