"""What unit tests share."""

from collections.abc import Callable

import pytest


@pytest.fixture
def write(tmp_path) -> Callable[..., str]:
    """Writes a file of a user's; gives its path."""

    def write(content: str | bytes, name: str = "table.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write
