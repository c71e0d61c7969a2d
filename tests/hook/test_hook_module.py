"""What others see of `botocore.credentials`: its spec, loader, source, function, reloads."""

import sys

import pytest

from tests.hook.programs import run

DESCRIBE = """
def describe(module):
    # All that tools ask of a module that has been imported.
    import hashlib, importlib.resources, inspect, json, pkgutil
    def digest(data):
        return hashlib.sha256(data if isinstance(data, bytes) else data.encode()).hexdigest()
    spec, function = module.__spec__, module.create_credential_resolver
    assert spec.loader is module.__loader__
    resources = importlib.resources.files("botocore")
    facts = {
        "spec": {key: str(value) for key, value in vars(spec).items() if key != "loader"},
        "loader": [type(spec.loader).__qualname__, type(spec.loader).__module__],
        "loader's own": vars(spec.loader),
        "names": [name for name in vars(module)],
        "places": [module.__file__, module.__package__, repr(module)],
        "cached": getattr(module, "__cached__", None),  # Python 3.15 no longer sets it
        "source": digest(inspect.getsource(module)),
        "function": digest(inspect.getsource(function)),
        "signature": str(inspect.signature(function)),
        "named": [function.__name__, function.__qualname__, function.__module__, function.__doc__],
        "resources": sorted(each.name for each in resources.iterdir()),
        "resource": digest((resources / "data" / "endpoints.json").read_bytes()),
        "data": digest(pkgutil.get_data(NAME, "session.py")),
        "type": str(type(module)),
    }
    print(json.dumps(facts, indent=1, default=str))
"""


def test_module_looks_as_without_the_hook() -> None:
    """Guards `inspect`, `importlib.resources`, `pkgutil`, the spec and the loader."""
    program = DESCRIBE + "import botocore.credentials as module; describe(module)"
    assert run(program) == run(program, startup_files=False)
    late = "import botocore.credentials; startup.install();" + program
    assert run(late, startup_files=False) == run(program, startup_files=False)


def test_spec_that_was_found_before_the_import() -> None:
    """Guards `find_spec` ahead of the import: its loader answers, and the import is hooked."""
    program = f"""{DESCRIBE}
spec = importlib.util.find_spec(NAME)
assert NAME not in sys.modules
code = spec.loader.get_code(NAME)
print(spec.origin, spec.cached, spec.parent, spec.has_location, spec.loader.name, spec.loader.path)
print(spec.loader.get_source(NAME) == open(spec.origin).read(), code.co_filename)
print(spec.loader.get_data(spec.origin) == open(spec.origin, "rb").read())
print(spec.loader.is_package(NAME), spec.loader.get_filename(NAME), hasattr(spec.loader, "other"))
describe(importlib.import_module(NAME))
"""
    assert run(program + "assert hooked()") == run(program, startup_files=False)


def test_module_made_by_hand() -> None:
    """Guards `module_from_spec` and `exec_module`, the recipe of importlib's documentation."""
    run("""
        import copy
        spec = copy.deepcopy(importlib.util.find_spec(NAME))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        assert NAME not in sys.modules
        assert layers(module.create_credential_resolver) == 1
        assert module.__loader__ is module.__spec__.loader is spec.loader
        assert type(spec.loader) is importlib.machinery.SourceFileLoader
        assert hooked()
    """)


@pytest.mark.skipif(sys.version_info >= (3, 15), reason="load_module is gone")
def test_loader_asked_to_load() -> None:
    """Guards `find_spec(...).loader.load_module(...)`, the recipe of older plugin frameworks."""
    run("""
        import warnings
        warnings.simplefilter("ignore")
        for name in [NAME], []:
            module = importlib.util.find_spec(NAME).loader.load_module(*name)
            assert module is sys.modules.pop(NAME)
            assert layers(module.create_credential_resolver) == 1
            assert type(module.__loader__) is importlib.machinery.SourceFileLoader
            assert type(module.__spec__.loader) is importlib.machinery.SourceFileLoader
    """)


def test_module_run_as_a_program() -> None:
    """Guards `runpy`, which executes the code under another name and leaves the import alone."""
    run("""
        import runpy
        names = runpy.run_module(NAME, run_name="other")
        assert names["__name__"] == "other"
        assert layers(names["create_credential_resolver"]) == 0
        assert NAME not in sys.modules
        assert hooked()
    """)


def test_reload_and_import_again() -> None:
    """Guards that a module which is executed again is wrapped again, and once."""
    run("""
        import botocore.credentials as module
        functions = [module.create_credential_resolver]
        for _ in range(2):
            assert importlib.reload(module) is module
            assert hooked()
            assert type(module.__spec__.loader) is importlib.machinery.SourceFileLoader
            assert module.__loader__ is module.__spec__.loader
            functions.append(module.create_credential_resolver)
        del sys.modules[NAME]
        again = importlib.import_module(NAME)
        assert again is not module
        assert hooked()
        functions.append(again.create_credential_resolver)
        assert len({function.__wrapped__ for function in functions}) == 4
        import botocore.session
        for function in functions:
            providers = function(botocore.session.Session()).providers
            assert [each.METHOD for each in providers].count("plugin") == 1
        startup.uninstall()
        importlib.reload(again)
        assert not hooked()
    """)


def test_import_that_failed_is_tried_again() -> None:
    """Guards a first import that raises: as without us, and the next one is hooked."""
    run("""
        import botocore
        sys.modules["botocore.configloader"] = None
        for _ in range(2):
            try:
                import botocore.credentials
            except ImportError as error:
                assert "botocore.configloader" in str(error), error
            else:
                raise AssertionError
            assert NAME not in sys.modules
        startup.install()
        assert NAME not in sys.modules
        del sys.modules["botocore.configloader"]
        assert hooked()
    """)
