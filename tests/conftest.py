"""What several test files are given."""
import pytest


@pytest.fixture(name="script")
def fixture_script(tmp_path):
    """Writes a Lua script and returns its path."""
    def write(text):
        path = tmp_path / "x.lua"
        path.write_text(text, encoding="utf-8")
        return path
    return write
