"""How much `pip install .` puts on the disk, in a fresh virtual environment: files, and Python's bytecode caches.

    python -m benchmarks.install_size

pip and setuptools, which a fresh environment has before, are not counted.
"""

import subprocess
import tempfile
import venv
from pathlib import Path

from benchmarks.measuring import report

ROOT = Path(__file__).parents[1]
BEFORE = {"pip", "setuptools", "pkg_resources", "_distutils_hack"}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        subprocess.run([f"{folder}/bin/python", "-m", "pip", "install", "-q", str(ROOT)], check=True)
        site = next(Path(folder).glob("lib/python*/site-packages"))
        files = [f for f in site.rglob("*") if f.is_file() and f.relative_to(site).parts[0] not in BEFORE]
        parts: dict[str, float] = {}
        for file in files:
            name = file.relative_to(site).parts[0].removesuffix(".libs")
            parts[name] = parts.get(name, 0) + file.stat().st_size / 1e6
        code = sum(f.stat().st_size for f in files if f.suffix == ".pyc") / 1e6
    whole = sum(parts.values())
    found = {"pip install .": [{"files_MB": whole - code, "with_bytecode_MB": whole}]}
    largest = {name: round(size) for name, size in sorted(parts.items(), key=lambda p: -p[1])[:8]}
    report("What an installation weighs", found, "install_size", largest_MB=largest)


if __name__ == "__main__":
    main()
