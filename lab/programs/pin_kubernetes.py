"""Pin a Kubernetes version for the lab: write kubernetes/VERSION.mod and VERSION.sum.

    python lab/programs/pin_kubernetes.py 1.37.2

k8s.io/kubernetes cannot be required like any other module: its own go.mod replaces every
staging module (k8s.io/api and so on) by a folder of its repository. This asks the module
proxy for that go.mod, turns each replacement into the module published with the release
(v0.MINOR.PATCH), keeps its go and godebug lines, and lets ``go mod tidy`` do the rest.
The new version then needs a row in lab/versions.py.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent / "kubernetes"


def upstream_go_mod(version: str) -> str:
    """Ask the module proxy for the go.mod of this Kubernetes release."""
    answer = subprocess.run(
        ["go", "mod", "download", "-json", f"k8s.io/kubernetes@v{version}"],
        capture_output=True, text=True, cwd="/", check=False,
    )  # fmt: skip
    described = json.loads(answer.stdout or "{}")
    if "GoMod" not in described:
        sys.exit(f"the module proxy has no Kubernetes {version}: {answer.stderr.strip()}")
    return Path(described["GoMod"]).read_text()


def module_file(version: str, upstream: str) -> str:
    """The text of VERSION.mod before tidying."""
    _, minor, patch = version.split(".")
    released = f"v0.{minor}.{patch}"
    staging = sorted(set(re.findall(r"^\s*(?:replace )?(k8s\.io/\S+) => \./staging", upstream, re.MULTILINE)))
    keep = re.findall(
        r"^(?:go|toolchain) .*$|^godebug (?:\w+=\S+)$|^godebug \([^)]*\)", upstream, re.MULTILINE
    )
    lines = [
        "module kubecheck.dev/lab/kubernetes",
        *keep,
        f"require (\n\tk8s.io/kubernetes v{version}\n\tk8s.io/kubectl {released}\n)",
        "replace (",
        *(f"\t{name} => {name} {released}" for name in staging),
        ")\n",
    ]
    return "\n".join(lines)


def main() -> None:
    """Pin the version named on the command line."""
    if len(sys.argv) != 2 or not re.fullmatch(r"1\.\d+\.\d+", sys.argv[1]):
        sys.exit("usage: pin_kubernetes.py VERSION, for example 1.37.2")
    version = sys.argv[1]
    (HERE / f"{version}.mod").write_text(module_file(version, upstream_go_mod(version)))
    (HERE / f"{version}.sum").write_text("")
    subprocess.run(["go", "mod", "tidy", f"-modfile={version}.mod"], cwd=HERE, check=True)


if __name__ == "__main__":
    main()
