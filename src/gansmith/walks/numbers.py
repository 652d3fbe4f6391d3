"""What a walk has found, as a file beside its pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gansmith.atomic import replacing


def write_json(content: dict[str, Any], path: Path) -> Path:
    """Writes `content` as JSON, whole or not at all; the path."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return path
