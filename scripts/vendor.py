"""Renews what the console takes from npm: pinned packages in, each tarball checked against its integrity, the files a browser
needs with their licences and a list of hashes out; changes nothing in them but the names they import each other by."""

import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
BROWSER = ROOT / "proxy" / "console" / "vendor"
TESTS = ROOT / "tests" / "console" / "vendor"


@dataclass(frozen=True)
class Taken:
    """A file of a package: where it stands there, what it is called here, what is exchanged in it, and what is added."""

    path: str
    name: str
    exchanged: tuple[tuple[str, str], ...] = ()
    added: str = ""


@dataclass(frozen=True)
class Package:
    """One version of a package. `integrity` is what npm says of its tarball: an SHA-512 in base64."""

    name: str
    version: str
    integrity: str
    files: tuple[Taken, ...]
    folder: Path = BROWSER


PACKAGES = (
    Package(
        "preact",
        "11.2.0",
        "/HfHI/7N84e6GrWBJ3J280z3mLaRJiDcSvj/A+y/4AbLnND/1UlGHe1sR6oYuTGwId0nP7dqDU9OnLxMPZ7xBg==",
        (
            Taken("dist/preact.mjs", "preact.js"),
            Taken("hooks/dist/hooks.mjs", "hooks.js", (('from"preact"', 'from"./preact.js"'),)),
        ),
    ),
    Package(
        "htm",
        "3.1.1",
        "983Vyg8NwUE7JkZ6NmOqpCZ+sh1bKv2iYTlUkzlWmA5JD2acKoxd4KVxbMmxX/85mtfdnDmTFoNKcg5DGAvxNQ==",
        (Taken("dist/htm.mjs", "htm.js"),),
    ),
    Package(
        "uplot",
        "1.6.32",
        "KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw==",
        (
            Taken("dist/uPlot.iife.min.js", "uplot.js", added="\nexport default uPlot;\n"),
            Taken("dist/uPlot.min.css", "uplot.css"),
        ),
    ),
    Package(
        "marked",
        "18.2.1",
        "ii4bxCTCqqwpT86XZWgJNs+ZnAIZksmLGYMViWA7PDIXYIeNo1x6cDdX3JOip9NM/cI6p8z57FxliACboTruMA==",
        (Taken("lib/marked.esm.js", "marked.js"),),
    ),
    Package(
        "dompurify",
        "3.4.18",
        "ofe3wI/uNm68HInABYFJYqQxRw1EaKAjNdrFVKqjUY+UZurvNd2L/HuQe097s/4RivWiZyP6tT7aoT8atjfhwg==",
        (Taken("dist/purify.es.mjs", "purify.js"),),
    ),
    Package(
        "axe-core",
        "4.14.1",
        "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
        (Taken("axe.min.js", "axe.js"),),
        TESTS,
    ),
)


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        for package in PACKAGES:
            _take(package, _fetched(package, Path(place)))
    for folder in (BROWSER, TESTS):
        _list_hashes(folder)


def _fetched(package: Package, place: Path) -> Path:
    """The tarball, through npm's own client and whatever registry it is set to."""
    subprocess.run(  # noqa: S603
        ["npm", "pack", "--silent", f"{package.name}@{package.version}"],  # noqa: S607
        cwd=place,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    tarball = place / f"{package.name}-{package.version}.tgz"
    found = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    if found != package.integrity:
        sys.exit(f"{tarball.name} is not what it was when it was chosen: its SHA-512 is {found}")
    return tarball


def _take(package: Package, tarball: Path) -> None:
    package.folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(tarball) as archive:
        for taken in package.files:
            text = _text(archive, taken.path)
            for old, new in taken.exchanged:
                if old not in text:
                    sys.exit(f"{package.name}: {taken.path} does not hold {old}")
                text = text.replace(old, new)
            # A map that is not served would be asked for in vain.
            lines = [line for line in text.splitlines() if not line.startswith("//# sourceMappingURL=")]
            (package.folder / taken.name).write_text("\n".join(lines) + "\n" + taken.added)
        (package.folder / f"{package.name}.LICENSE").write_text(_text(archive, "LICENSE"))


def _text(archive: tarfile.TarFile, path: str) -> str:
    file = archive.extractfile(f"package/{path}")
    if file is None:
        sys.exit(f"{archive.name} has no {path}")
    return file.read().decode()


def _list_hashes(folder: Path) -> None:
    packages = [f"# {p.name} {p.version} sha512-{p.integrity}" for p in PACKAGES if p.folder == folder]
    files = sorted(path for path in folder.iterdir() if path.name != "HASHES")
    hashes = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in files]
    (folder / "HASHES").write_text("\n".join([*packages, *hashes]) + "\n")


if __name__ == "__main__":
    main()
