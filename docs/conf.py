"""How the documentation is built: `make docs`."""

import inspect
from importlib import metadata

import plugincreds

for name in plugincreds.__all__:
    getattr(plugincreds, name)  # the first access gives a public class its public name

# Only plugincreds makes a context, so its parameters are not a part of the public interface.
plugincreds.PluginContext.__signature__ = inspect.Signature()

project = "plugincreds"
author = project_copyright = "The plugincreds developers"
release = metadata.version("plugincreds")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "drawing"]
html_theme = "furo"
html_title = f"plugincreds {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = ["tables.js"]
nitpicky = True
# Their inventories are on the network, and the build must not depend on that.
_LIBRARIES = "botocore|collections|contextlib|datetime|os|pathlib|types"
nitpick_ignore_regex = [("py:.*", rf"({_LIBRARIES})(\..*)?")]
autodoc_typehints = "description"
autodoc_preserve_defaults = True  # as the source has them: no addresses of functions
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
