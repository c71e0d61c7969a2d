"""The kinds of plugins: each as its module, in which `get` is the getter.

The access key that a plugin gives says what it was asked with.
"""

from textwrap import dedent

SIGNING = {
    "good": "def get(): return (lambda: ('plugin:NAME', 'secret')), (lambda: False)",
    "good coroutine": """
        async def retrieve(): return 'plugin:NAME', 'secret'
        def get(): return retrieve, lambda: False
    """,
    "takes context": """
        def get(context):
            options = '&'.join(f'{key}={value}' for key, value in sorted(context.options.items()))
            who = f'plugin:NAME@{context.profile}?{options}'
            return (lambda: (who, 'secret')), (lambda: False)
    """,
    "exchanges": """
        def get(context):
            def retrieve():
                base = context.session.get_credentials()
                if base is not None:
                    return f'plugin:NAME<{base.get_frozen_credentials().access_key}', 'secret'
            return retrieve, lambda: False
    """,
    "exchanges, without context": """
        import plugincreds
        def retrieve():
            base = plugincreds.base_session().get_credentials()
            if base is not None:
                return f'plugin:NAME<{base.get_frozen_credentials().access_key}', 'secret'
        def get(): return retrieve, lambda: False
    """,
}
DECLINING = {
    "getter declines": "def get(): return None",
    "retrieve declines": "def get(): return (lambda: None), (lambda: False)",
}
FAILING = {
    "retrieve raises": "def get(): return (lambda: 1 / 0), (lambda: False)",
    "retrieve returns nonsense": "def get(): return (lambda: 42), (lambda: False)",
}
_BROKEN = {
    "import needs another package": ("LookupSymbolError", "import acme_gone"),
    "import raises": ("LookupSymbolError", "1 / 0"),
    "no such getter": ("LookupSymbolError", ""),
    "getter cannot be called": ("InvalidSymbolError", "get = 42"),
    "getter wants other parameters": ("InvalidSymbolError", "def get(profile): return None"),
    "getter raises": ("InvalidSymbolError", "def get(): 1 / 0"),
    "getter returns credentials": ("InvalidSymbolError", "def get(): return 'AKIA', 'secret'"),
    "no retrieve": ("PluginRetrieveNilError", "def get(): return None, (lambda: False)"),
    "no is_expired": ("PluginIsExpiredNilError", "def get(): return (lambda: ('A', 'b')), None"),
}
# What a broken plugin raises if it is selected (section 6 of the design).
BROKEN = {kind: error for kind, (error, _) in _BROKEN.items()}


def module_of(kind: str, name: str) -> str:
    """Return the module of a plugin."""
    modules = {kind: module for kind, (_, module) in _BROKEN.items()}
    modules |= {**SIGNING, **DECLINING, **FAILING}
    return dedent(modules[kind]).replace("NAME", name)
