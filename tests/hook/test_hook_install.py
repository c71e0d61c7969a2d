"""`install()` and `uninstall()` of the startup hook: when, how often, in how many threads."""

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import plugincreds_startup
from tests.hook.programs import LONGEST_RUN, environment, run

STARTUP_FILE = "import plugincreds_startup; plugincreds_startup.install()\n"


def test_startup_files_install_once() -> None:
    """Guards that the line in the .pth file has run, and that a second run adds nothing."""
    run("""
        assert sys.meta_path.count(startup._finder) == 1
        startup.install()
        assert sys.meta_path.count(startup._finder) == 1
        assert "botocore" not in sys.modules
        assert hooked()
    """)


def test_startup_loads_one_module_and_says_nothing(tmp_path: Path) -> None:
    """Guards the import budget: programs that never import botocore get our one module."""
    directory = tmp_path / "environment"
    venv.create(directory, symlinks=True)
    site_packages = next(directory.glob("lib/python*/site-packages"))
    module = Path(plugincreds_startup.__file__).read_text(encoding="utf-8")
    (site_packages / "plugincreds_startup.py").write_text(module, encoding="utf-8")

    def loaded(startup_file: str) -> set[str]:
        (site_packages / "plugincreds_startup.pth").write_text(startup_file, encoding="utf-8")
        outcome = subprocess.run(
            [directory / "bin" / "python", "-c", "import sys; print(*sys.modules)"],
            env=environment(),
            capture_output=True,
            text=True,
            timeout=LONGEST_RUN,
            check=True,
        )
        assert outcome.stderr == ""
        return set(outcome.stdout.split())

    assert loaded(STARTUP_FILE) - loaded("# a comment\n") == {"plugincreds_startup"}


def test_threads_install_once() -> None:
    """Guards free-threaded Pythons, where two threads may both see that it is not installed."""
    run(
        """
        class Finders(list):
            def __contains__(self, finder):
                found = super().__contains__(finder)
                if finder is startup._finder:
                    barrier.wait(20)  # all have looked before the first inserts it
                return found
        others = list(sys.meta_path)
        for count in (2, 3, 8):
            barrier = threading.Barrier(count)
            sys.meta_path = Finders(others)
            assert together(*[startup.install] * count) == [None] * count
            assert sys.meta_path == [startup._finder, *others]
            startup.uninstall()
            assert sys.meta_path == others
        """,
        startup_files=False,
    )


@pytest.mark.parametrize("imported", [False, True], ids=["before import", "after import"])
def test_install_uninstall_install(imported: bool) -> None:
    """Guards that each undoes the other, whether botocore has been imported or not."""
    run(
        """
        if sys.argv[1] == "True":
            import botocore.credentials
        before = list(sys.meta_path)
        startup.install()
        startup.uninstall()
        assert sys.meta_path == before
        assert not hooked()
        startup.install()
        assert hooked()
        """,
        imported,
        startup_files=False,
    )


def test_uninstall_restores_the_very_function() -> None:
    """Guards that nothing of ours is left: the function, untouched, and `sys.meta_path`."""
    run(
        """
        import botocore.credentials as module
        before, function = list(sys.meta_path), module.create_credential_resolver
        for _ in range(2):
            startup.install()
            startup.install()
            assert hooked()
            startup.uninstall()
            assert module.create_credential_resolver is function
            assert vars(function) == {}
            assert sys.meta_path == before
        startup.uninstall()
        """,
        startup_files=False,
    )


def test_uninstall_switches_off_what_it_cannot_reach() -> None:
    """Guards references to the wrapper that others keep, and a spec that was found before."""
    run("""
        spec = importlib.util.find_spec(NAME)
        import botocore.credentials, botocore.session
        kept = botocore.credentials.create_credential_resolver
        startup.uninstall()
        resolver = kept(botocore.session.Session())
        assert "plugin" not in [provider.METHOD for provider in resolver.providers]
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        assert layers(module.create_credential_resolver) == 0
    """)


@pytest.mark.parametrize("wraps", ["functools.wraps(inner)", "wrapt.decorator(theirs)"])
def test_wrappers_of_others_survive(wraps: str) -> None:
    """Guards other tools' wrappers, inside and around ours, which copy or proxy attributes."""
    run(f"""
        import botocore.credentials as module, botocore.session, functools, wrapt
        calls = []
        def wrap(inner):
            if {wraps!r}.startswith("wrapt"):
                def theirs(wrapped, instance, args, kwargs):
                    calls.append(1)
                    return wrapped(*args, **kwargs)
                return wrapt.decorator(theirs)(inner)
            @functools.wraps(inner)
            def theirs(*args, **kwargs):
                calls.append(1)
                return inner(*args, **kwargs)
            return theirs

        original = module.create_credential_resolver.__wrapped__
        around = module.create_credential_resolver = wrap(module.create_credential_resolver)
        startup.install()
        assert module.create_credential_resolver is around
        assert methods().count("plugin") == len(calls) == 1
        startup.uninstall()
        assert module.create_credential_resolver is around
        assert "plugin" not in methods()

        inside = module.create_credential_resolver = wrap(original)
        startup.install()
        assert module.create_credential_resolver.__wrapped__ is inside
        calls.clear()
        assert methods().count("plugin") == len(calls) == 1
        startup.uninstall()
        assert module.create_credential_resolver is inside
    """)


def test_late_install_with_a_lazy_module() -> None:
    """Guards a module that a lazy import has prepared, but not executed, before `install()`."""
    run(
        """
        import botocore
        spec = importlib.util.find_spec(NAME)
        loader = spec.loader
        spec.loader = importlib.util.LazyLoader(loader)
        module = sys.modules[NAME] = botocore.credentials = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        assert type(module).__name__ == "_LazyModule"
        startup.install()
        assert hooked()
        assert module.__spec__.loader is module.__loader__ is loader
        """,
        startup_files=False,
    )


def test_late_install_waits_for_an_import_under_way() -> None:
    """Guards an import that another thread has begun without us and not finished."""
    run(
        """
        begun, go_on = threading.Event(), threading.Event()
        class Slow(importlib.machinery.SourceFileLoader):
            def exec_module(self, module):
                begun.set()
                assert go_on.wait(20)
                super().exec_module(module)
        class Finder:
            @staticmethod
            def find_spec(name, path=None, target=None):
                if name == NAME:
                    file = path[0] + "/credentials.py"
                    loader = Slow(name, file)
                    return importlib.util.spec_from_file_location(name, file, loader=loader)
        sys.meta_path.insert(0, Finder)
        def release():
            while startup._finder not in sys.meta_path: pass
            go_on.set()
        def install():
            assert begun.wait(20)
            startup.install()
            return layers(sys.modules[NAME].create_credential_resolver)
        outcomes = together(lambda: importlib.import_module(NAME), install, release)
        assert 1 in outcomes, outcomes
        assert hooked()
        """,
        startup_files=False,
    )


AIOBOTOCORE_SESSION = """
from aiobotocore.credentials import create_credential_resolver as taken
import gate
gate.taken()
create_credential_resolver = taken
"""


@pytest.fixture
def aiobotocore(tmp_path: Path) -> Path:
    """Return a folder with what matters here of aiobotocore."""
    package = tmp_path / "aiobotocore"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "credentials.py").write_text("def create_credential_resolver(session): ...\n")
    (package / "session.py").write_text(AIOBOTOCORE_SESSION)
    (tmp_path / "gate.py").write_text("def taken(): ...\n")
    return tmp_path


def test_late_install_replaces_the_reference_in_aiobotocore(aiobotocore: Path) -> None:
    """Guards `aiobotocore.session`, which keeps a reference of its own to the function."""
    run(
        """
        sys.path.insert(0, sys.argv[1])
        from aiobotocore import credentials, session
        original = credentials.create_credential_resolver
        assert session.create_credential_resolver is original
        for _ in range(2):
            startup.install()
            assert session.create_credential_resolver is credentials.create_credential_resolver
            assert credentials.create_credential_resolver.__wrapped__ is original
            startup.uninstall()
            assert session.create_credential_resolver is original
            assert credentials.create_credential_resolver is original
        """,
        aiobotocore,
        startup_files=False,
    )


def test_late_install_waits_for_aiobotocore_under_way(aiobotocore: Path) -> None:
    """Guards the moment at which `aiobotocore.session` has taken, but not bound, the function."""
    run(
        """
        sys.path.insert(0, sys.argv[1])
        import aiobotocore.credentials as credentials, gate
        begun, go_on = threading.Event(), threading.Event()
        def taken():
            begun.set()
            assert go_on.wait(20)
        gate.taken = taken
        def release():
            while not hasattr(credentials.create_credential_resolver, "__wrapped__"): pass
            go_on.set()
        def install():
            assert begun.wait(20)
            startup.install()
        assert len(together(lambda: importlib.import_module("aiobotocore.session"),
                            install, release)) == 3
        session = sys.modules["aiobotocore.session"]
        assert session.create_credential_resolver is credentials.create_credential_resolver
        assert layers(session.create_credential_resolver) == 1
        """,
        aiobotocore,
        startup_files=False,
    )


def test_uninstall_hides_no_finder_from_an_import_under_way() -> None:
    """Guards other threads that walk `sys.meta_path` while our finder is taken out of it."""
    run("""
        begun, go_on = threading.Event(), threading.Event()
        class Slow:
            @staticmethod
            def find_spec(name, path=None, target=None):
                if name == "colorsys":
                    begun.set()
                    assert go_on.wait(20)
        sys.meta_path.insert(sys.meta_path.index(importlib.machinery.PathFinder), Slow)
        def uninstall():
            assert begun.wait(20)
            startup.uninstall()
            go_on.set()
        outcomes = together(lambda: importlib.import_module("colorsys").__name__, uninstall)
        assert "colorsys" in outcomes, outcomes
    """)


def test_install_and_uninstall_in_two_threads() -> None:
    """Guards that threads which install or uninstall at the same time end where one would."""
    run(
        """
        import botocore.credentials as module
        sys.setswitchinterval(1e-6)
        before, original = list(sys.meta_path), module.create_credential_resolver
        for _ in range(100):
            assert together(startup.install, startup.install) == [None, None]
            assert module.create_credential_resolver.__wrapped__ is original
            assert together(startup.uninstall, startup.uninstall) == [None, None]
            assert module.create_credential_resolver is original
            assert sys.meta_path == before
        startup.install()
        assert hooked()
        """,
        startup_files=False,
    )


@pytest.mark.parametrize("attempt", range(3))
def test_first_import_in_sixteen_threads(attempt: int) -> None:
    """Guards imports at a barrier: no thread fails, or sees the function unwrapped or twice."""
    run(
        """
        if sys.argv[1] != "0":  # the first attempt has all of botocore to import
            import botocore.session
        sys.setswitchinterval(1e-6)
        def function():
            return importlib.import_module(NAME).create_credential_resolver
        for _ in range(8):
            sys.modules.pop(NAME, None)
            first, *others = together(*[function] * 16)
            assert layers(first) == 1, first
            assert all(other is first for other in others), others
        assert hooked()
        """,
        attempt,
    )


def test_new_processes_are_hooked() -> None:
    """Guards the spawn method of multiprocessing, which starts Python anew."""
    run("""
        import multiprocessing
        code = "__import__('botocore.credentials').credentials.create_credential_resolver"
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            names = pool.apply(eval, [f"dir({code})"])
        assert "__plugincreds_original__" in names
    """)


def test_subinterpreters_are_hooked() -> None:
    """Guards that the startup files run in an interpreter within the interpreter."""
    names = "_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters"
    pytest.importorskip(names)
    told = run(f"""
        import os, {names} as interpreters
        new = interpreters.create(*["legacy"] if sys.version_info >= (3, 13) else [])
        call = getattr(interpreters, "exec", None) or interpreters.run_string
        assert not call(new, '''if True:
            import botocore.session, json
            resolver = botocore.session.Session().get_component("credential_provider")
            print(json.dumps([each.METHOD for each in resolver.providers]), flush=True)
        ''')
        os._exit(0)  # some extension modules don't survive the end of such an interpreter
    """)
    assert json.loads(told).count("plugin") == 1


def test_the_aws_cli_installs_after_botocore() -> None:
    """Guards the AWS CLI v2, which calls this function of modules in its `[plugins]`.

    It has imported botocore before, and may call the function although the .pth file has run.
    """
    run(
        """
        import botocore.credentials
        assert not hooked()
        for _ in range(2):
            assert startup.awscli_initialize(object()) is None
            assert hooked()
        """,
        startup_files=False,
    )
    run("assert hooked(); startup.awscli_initialize(object()); assert hooked()")
