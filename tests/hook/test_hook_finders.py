"""The finders and loaders that other tools put around ours."""

import zipfile
from pathlib import Path
from py_compile import compile as compile_file

import botocore.credentials
import pytest

from tests.hook.programs import run

SOURCE = Path(botocore.credentials.__file__)
FILE = 'path[0] + "/credentials.py"'

# Each defines Finder, which stands behind ours and finds botocore.credentials with REAL.
FOUND_BY_OTHERS = {
    "subclass of SourceFileLoader": f"""
        class Loader(importlib.machinery.SourceFileLoader):
            def exec_module(self, module):
                assert module.__spec__.loader is module.__loader__ is self
                super().exec_module(module)
        class Finder:
            @staticmethod
            def find_spec(name, path=None, target=None):
                if name == NAME:
                    global REAL
                    REAL = Loader(name, {FILE})
                    return importlib.util.spec_from_file_location(name, {FILE}, loader=REAL)
    """,
    "one object finds and loads": f"""
        class Both:
            def find_spec(self, name, path=None, target=None):
                if name == NAME:
                    return importlib.machinery.ModuleSpec(name, self, origin={FILE})
            def create_module(self, spec):
                assert spec.loader is self
            def exec_module(self, module):
                assert module.__spec__.loader is module.__loader__ is self
                exec(compile(open(module.__spec__.origin).read(), "there", "exec"), vars(module))
        Finder = REAL = Both()
    """,
    "one class finds and loads": f"""
        class Finder:
            @classmethod
            def find_spec(cls, name, path=None, target=None):
                if name == NAME:
                    return importlib.util.spec_from_loader(name, cls, origin={FILE})
            @staticmethod
            def create_module(spec):
                assert spec.loader is Finder
            @staticmethod
            def exec_module(module):
                assert module.__spec__.loader is module.__loader__ is Finder
                exec(compile(open(module.__spec__.origin).read(), "there", "exec"), vars(module))
        REAL = Finder
    """,
    "read-only loader that makes the module, one spec for all": f"""
        import types
        class Module(types.ModuleType):
            pass
        class Loader:
            __slots__ = ()
            def create_module(self, spec):
                return Module(spec.name)
            def exec_module(self, module):
                exec(compile(open(module.__spec__.origin).read(), "there", "exec"), vars(module))
        REAL = Loader()
        class Finder:
            spec = None
            @classmethod
            def find_spec(cls, name, path=None, target=None):
                if name == NAME:
                    cls.spec = cls.spec or importlib.machinery.ModuleSpec(name, REAL, origin={FILE})
                    return cls.spec
        importlib.util.find_spec(NAME)
    """,
}


@pytest.mark.parametrize("kind", FOUND_BY_OTHERS)
def test_finder_behind_ours(kind: str) -> None:
    """Guards loaders of every kind: each sees the spec that it would see without us."""
    program = f"""{FOUND_BY_OTHERS[kind]}
        sys.meta_path.insert(1, Finder)
        import botocore.credentials as module
        spec = module.__spec__
        assert spec.loader is module.__loader__ is REAL
        print(type(module), spec.name, spec.origin, spec.parent, module.__package__)
        print(*vars(module))
        assert hooked() is (sys.argv[1] == "hooked")
    """
    assert run(program, "hooked") == run(program, "plain", startup_files=False)


@pytest.mark.parametrize("first", ["theirs", "ours"])
def test_post_import_hooks_of_wrapt(first: str) -> None:
    """Guards wrapt's hooks for the same module, registered before and after ours: both act."""
    run(
        """
        import wrapt
        fired = []
        if sys.argv[1] == "ours": startup.install()
        wrapt.register_post_import_hook(fired.append, NAME)
        startup.install()
        assert (sys.meta_path[0] is startup._finder) is (sys.argv[1] == "theirs")
        import botocore.credentials as module
        assert fired == [module]
        assert type(module.__spec__.loader) is importlib.machinery.SourceFileLoader
        assert module.__loader__ is module.__spec__.loader
        assert hooked()
        wrapt.wrap_function_wrapper(
            NAME, "create_credential_resolver", lambda wrapped, _, a, k: wrapped(*a, **k))
        startup.install()
        assert methods().count("plugin") == 1
        """,
        first,
        startup_files=False,
    )


LAZY = """
        class Lazy:
            # Gives every module that is found behind it a lazy loader.
            def find_spec(self, name, path=None, target=None):
                if name == NAME:
                    for finder in sys.meta_path[sys.meta_path.index(self) + 1:]:
                        spec = finder.find_spec(name, path, target)
                        if spec is not None:
                            spec.loader = importlib.util.LazyLoader(spec.loader)
                            return spec
"""


@pytest.mark.parametrize("place", [0, 1], ids=["before ours", "behind ours"])
def test_lazy_loader(place: int) -> None:
    """Guards laziness: not executed before the first attribute is read, and hooked by then."""
    run(
        f"""{LAZY}
        sys.meta_path.insert(int(sys.argv[1]), Lazy())
        def lazy():
            return type(module).__name__ == "_LazyModule"
        module = importlib.import_module(NAME)
        assert lazy()
        assert "RefreshableCredentials" not in object.__getattribute__(module, "__dict__")
        module.RefreshableCredentials
        assert not lazy()
        assert type(module.__spec__.loader) is importlib.machinery.SourceFileLoader
        assert module.__loader__ is module.__spec__.loader
        assert hooked()

        del sys.modules[NAME]
        module = importlib.import_module(NAME)
        startup.uninstall()
        assert lazy()
        assert layers(module.create_credential_resolver) == 0
        """,
        place,
    )


@pytest.mark.parametrize("kind", ["zipimporter", "SourcelessFileLoader"])
def test_module_without_a_source_file(kind: str, tmp_path: Path) -> None:
    """Guards a module in a zip file, whose loader all its modules share, and a .pyc alone."""
    place = tmp_path / "somewhere"
    if kind == "zipimporter":
        with zipfile.ZipFile(place, "w") as archive:
            archive.write(SOURCE, SOURCE.name)
    else:
        compile_file(str(SOURCE), str(place / "credentials.pyc"))
    run(
        """
        import botocore
        botocore.__path__.insert(0, sys.argv[1])
        assert importlib.util.find_spec(NAME).loader.get_code(NAME)
        import botocore.credentials as module
        assert module.__file__.startswith(sys.argv[1]), module.__file__
        assert type(module.__spec__.loader).__name__ == sys.argv[2]
        assert module.__loader__ is module.__spec__.loader
        assert hooked()
        importlib.reload(module)
        assert hooked()
        """,
        place,
        kind,
    )


PROXIES = {
    "plain": """
        class Proxy:
            lock = threading.Lock()
            def __init__(self, finder): self.finder = finder
            def find_spec(self, *arguments):
                assert self.lock.acquire(blocking=False)
                try: return self.finder.find_spec(*arguments)
                finally: self.lock.release()
    """,
    "wrapt": """
        from wrapt import ObjectProxy as Proxy
    """,
}


@pytest.mark.parametrize("kind", PROXIES)
@pytest.mark.parametrize("again", [False, True], ids=["", "installed again"])
def test_every_finder_behind_a_proxy(kind: str, again: bool) -> None:
    """Guards tools that replace all of `sys.meta_path`, also when `install()` runs after them."""
    run(
        f"""{PROXIES[kind]}
        sys.meta_path[:] = [Proxy(finder) for finder in sys.meta_path]
        if sys.argv[1] == "True": startup.install()
        assert hooked()
        startup.uninstall()
        del sys.modules[NAME]
        assert not hooked()
        """,
        again,
    )


def test_our_finder_twice() -> None:
    """Guards a finder that is in the list twice: no recursion, and all others are asked."""
    run("""
        class Between:
            asked = 0
            @classmethod
            def find_spec(cls, name, path=None, target=None):
                cls.asked += name == NAME
        sys.meta_path[:0] = [startup._finder, Between, startup._finder]
        assert hooked()
        assert Between.asked == 1
        assert importlib.util.find_spec("botocore.absent") is None
        startup.uninstall()
        assert startup._finder not in sys.meta_path
    """)


def test_two_threads_search_at_once() -> None:
    """Guards tools that walk `sys.meta_path` by hand, without importlib's lock, in two threads."""
    run("""
        import botocore
        both_search = threading.Barrier(2)
        class Slow:
            @staticmethod
            def find_spec(name, path=None, target=None):
                if name == NAME: both_search.wait(20)
        sys.meta_path.insert(1, Slow)
        def search():
            return startup._finder.find_spec(NAME, botocore.__path__)
        for spec in together(search, search):
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            assert layers(module.create_credential_resolver) == 1
    """)


def test_finder_of_the_old_kind() -> None:
    """Guards finders without `find_spec`, as Python up to 3.11 knows them."""
    run("""
        class Old:
            @staticmethod
            def find_module(name, path=None): ...
        if sys.version_info < (3, 12):
            import warnings
            warnings.simplefilter("ignore", ImportWarning)
        sys.meta_path.insert(1, Old)
        assert hooked()
    """)


def test_what_others_read_of_a_finder() -> None:
    """Guards the AWS CLI, which reads these of every finder, and the caches of importlib."""
    run("""
        names = [(finder.__module__, finder.__class__.__name__) for finder in sys.meta_path]
        assert all(isinstance(name, str) for pair in names for name in pair)
        assert ("plugincreds_startup", "_Finder") in names
        importlib.invalidate_caches()
        import importlib.metadata
        assert importlib.metadata.version("botocore")
        assert startup._finder.find_spec("botocore") is None
        assert startup._finder.find_spec(NAME, ["/nowhere"], None) is None
    """)
