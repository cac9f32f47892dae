"""The package as a stranger gets it: sdist, wheel, an empty environment, another directory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from arch.tree import ROOT, project_files
from pgdeck import __version__

SHIPPED = {
    "screens": {".sql", ".toml", ".json"},
    "styles": {".tcss", ".toml"},
    "alembic": {".py", ".mako", ".ini"},
}

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(400)]


def run(
    *command: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )


def checked(*command: str | Path) -> None:
    done = run(*command)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory with the sdist, and the wheel that was built from it."""
    out = tmp_path_factory.mktemp("dist")
    checked(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT)
    return out


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (path,) = built.glob("*.whl")
    return path


def find_uv() -> str | None:
    own = ROOT / ".uv" / "bin" / "uv"
    named = os.environ.get("PGDECK_UV", "")
    found = (path for path in (named, shutil.which("uv"), str(own)) if path and Path(path).exists())
    return next(found, None)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of programs of an environment that holds the wheel and its dependencies."""
    home = tmp_path_factory.mktemp("environment") / "venv"
    locked = ROOT / "requirements" / "run.txt"
    uv = find_uv()
    if uv is None:
        checked(sys.executable, "-m", "venv", home)
        pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        checked(*pip, "--require-hashes", "-r", locked)
        checked(*pip, "--no-deps", wheel)
        return home / "bin"
    checked(uv, "venv", "--quiet", "--python", sys.executable, home)
    pip = [uv, "pip", "install", "--quiet", "--python", str(home / "bin" / "python")]
    # The cache first: the dependencies of the tests are the same files.
    if run(*pip, "--offline", "--require-hashes", "-r", locked).returncode != 0:
        checked(*pip, "--require-hashes", "-r", locked)
    checked(*pip, "--no-deps", "--offline", wheel)
    return home / "bin"


def tracked(*directories: str) -> set[str]:
    names = (path.relative_to(ROOT) for path in project_files())
    return {name.as_posix() for name in names if name.parts[0] in directories}


def test_the_wheel_holds_every_data_file_and_nothing_else(wheel: Path) -> None:
    wanted = {
        f"pgdeck/_data/{name}"
        for name in tracked(*SHIPPED)
        if Path(name).suffix in SHIPPED[name.partition("/")[0]]
    }
    code = {name.removeprefix("src/") for name in tracked("src")}
    held = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("pgdeck/")}
    assert wanted
    assert held == wanted | code


def test_the_wheel_brings_the_manual_page(wheel: Path) -> None:
    (page,) = (name for name in zipfile.ZipFile(wheel).namelist() if name.endswith("pgdeck.1"))
    assert page.endswith(".data/data/share/man/man1/pgdeck.1")


def test_the_sdist_can_be_tested(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    wanted = tracked("src", "tests", "requirements", *SHIPPED) | {
        "Makefile",
        "LICENSE",
        "README.md",
    }
    assert wanted - held == set()


def test_hidden_files_and_backups_stay_out(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    for name in ("src", "screens", "styles", "alembic"):
        shutil.copytree(ROOT / name, copy / name)
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    strays = (".env", ".hidden.sql", "tables.sql~", "notes.md", ".git/x.sql", "deep/kept.sql")
    (copy / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "pgdeck.1", copy / "docs")
    for stray in strays:
        (copy / "screens" / stray).parent.mkdir(exist_ok=True)
        (copy / "screens" / stray).write_text("select 1")
    out = tmp_path / "out"
    checked(sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", out, copy)
    (path,) = out.glob("*.whl")
    held = {name for name in zipfile.ZipFile(path).namelist() if name.startswith("pgdeck/_data/")}
    before = {name for name in tracked("screens") if Path(name).suffix in SHIPPED["screens"]}
    assert {name for name in held if "/screens/" in name} == {
        f"pgdeck/_data/{name}" for name in before | {"screens/deep/kept.sql"}
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--version"], f"pgdeck {__version__}"),
        (["--help"], "pgdeck demo"),
        (["screens", "check", "--offline"], ""),
    ],
)
def test_it_runs_from_an_empty_directory(
    installed: Path, tmp_path: Path, words: list[str], said: str
) -> None:
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = run(installed / "pgdeck", *words, cwd=tmp_path, env=environ)
    assert done.returncode == 0, done.stdout + done.stderr
    assert said in done.stdout


def test_what_is_installed_is_what_runs(installed: Path, tmp_path: Path) -> None:
    script = "import pgdeck.paths as p; print(p.__file__); print(p.data_dir('styles'))"
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = run(installed / "python", "-c", script, cwd=tmp_path, env=environ)
    assert done.stdout.count("site-packages/pgdeck/") == 2, done.stderr
    assert str(ROOT) not in done.stdout


def test_the_plain_install_says_what_the_demo_needs(installed: Path, tmp_path: Path) -> None:
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = run(installed / "pgdeck", "demo", cwd=tmp_path, env=environ)
    assert done.returncode in (1, 2)
    assert "pgdeck[embedded]" in done.stderr
    assert "Traceback" not in done.stderr
