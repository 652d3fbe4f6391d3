"""Bring the emoji of `data=emoji`: `python scripts/get_emoji.py [FOLDER]`, data/emoji if none is given.

They come with npm from its registry: Noto Emoji by Google (Apache-2.0), in the package emoji-datasource-google (MIT).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "emoji-datasource-google@16"
WANTED = ("emoji.json", "img/google/64/", "LICENSE", "README.md")


def main() -> None:
    if len(sys.argv) > 2 or sys.argv[1:2] == ["--help"]:
        sys.exit("usage: python scripts/get_emoji.py [FOLDER]")
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "data/emoji").expanduser()
    if folder.exists() and not folder.is_dir():
        sys.exit(f"{folder} is a file; name a folder")
    npm = shutil.which("npm")
    if npm is None:
        sys.exit(f"npm is not installed; it comes with Node.js (https://nodejs.org) and brings {PACKAGE}")
    with tempfile.TemporaryDirectory() as temporary:
        packed = subprocess.run([npm, "pack", PACKAGE], cwd=temporary, capture_output=True, text=True)
        archives = list(Path(temporary).glob("*.tgz"))
        if packed.returncode or not archives:
            reason = " ".join(packed.stderr.split())[:300] or f"it ended with {packed.returncode}"
            sys.exit(f"npm pack {PACKAGE} brought nothing: {reason}")
        print(f"{unpack(archives[0], folder)} files in {folder}")
        if not any(folder.glob("img/google/64/*.png")):
            sys.exit(f"{PACKAGE} has no pictures of 64 pixels any more")


def unpack(archive: Path, folder: Path) -> int:
    """Put what is wanted of the package into `folder`; how many files that were."""
    count = 0
    with tarfile.open(archive) as package:
        for member in package:
            name = member.name.partition("/")[2]
            content = package.extractfile(member) if member.isfile() and name.startswith(WANTED) else None
            if content is not None and ".." not in name.split("/"):
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read())
                count += 1
    return count


if __name__ == "__main__":
    main()
