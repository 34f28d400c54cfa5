"""The configuration of pytest that all our tests run with, beside plugins that happen to be installed."""

import subprocess
import sys

import pytest
from projects import ROOT

# As pytest-asyncio does where it is installed and not configured.
PLUGIN = """
import warnings
import pytest

def pytest_configure(config):
    warnings.warn(pytest.PytestDeprecationWarning({text!r}))
"""
UNSET = 'The configuration option "asyncio_default_fixture_loop_scope" is unset.\nThe event loop scope will ...'


@pytest.mark.parametrize(("text", "code"), [(UNSET, 0), ("Something else is deprecated.", 3)])
def test_a_plugin_of_others_that_is_not_configured_stops_no_test(tmp_path, text, code):
    (tmp_path / "installed.py").write_text(PLUGIN.format(text=text))
    (tmp_path / "test_one.py").write_text("def test_one(): pass\n")
    command = (sys.executable, "-m", "pytest", "-q", "-p", "installed", "-p", "no:cacheprovider")
    configuration = ("-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path))
    found = subprocess.run(
        [*command, *configuration, str(tmp_path / "test_one.py")],
        env={"PATH": "", "PYTHONPATH": str(tmp_path), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == code, found.stdout + found.stderr
