"""The lab's programs, compiled from the pinned Go modules in lab/programs/ and cached."""

import platform
from dataclasses import dataclass
from pathlib import Path

from lab import cache, golang
from lab.errors import LabError
from lab.progress import Progress
from lab.versions import (
    COREDNS,
    DASHBOARD,
    DEFAULT_KUBERNETES,
    ETCD,
    KUBERNETES,
    KWOK,
    METRICS_SERVER,
    KubernetesVersion,
)

MODULES = Path(__file__).parent / "programs"
LINKER_FLAGS = "-s -w"  # without symbol tables: a third smaller


@dataclass(frozen=True)
class Programs:
    """The binaries of a lab. ``kube`` is many programs in one: ``kube kubelet --config ...``."""

    kube: Path
    etcd: Path
    coredns: Path
    metrics_server: Path
    dashboard: Path
    pause: Path


@dataclass(frozen=True)
class EndToEnd:
    """Kubernetes' own end-to-end tests, what they run in the cluster, and what runs them."""

    e2e_test: Path
    agnhost: Path
    go_runner: Path
    ginkgo: Path
    hydrophone: Path


@dataclass(frozen=True)
class Recipe:
    """How a program is built: what ``go VERB`` is given, in which module, and from which of its files."""

    program: str
    entry: str  # how its cache entry's name begins
    title: str  # what it is called where somebody reads it
    module: Path
    arguments: tuple[str, ...]
    sources: tuple[Path, ...]
    verb: tuple[str, ...] = ("build",)

    def key(self, go_version: str) -> str:
        """Name its cache entry, which changes with everything that the program is made from."""
        how = [go_version, platform.machine(), repr(golang.ENVIRONMENT), *self.verb, *golang.OPTIONS]
        sources = cache.files_digest(list(self.sources))
        return f"{self.entry}-{cache.digest(*how, *self.arguments, sources)}"


def build_programs(kubernetes: str, progress: Progress) -> Programs:
    """Build what the cache lacks; ``kubernetes`` is a version of lab/versions.py."""
    kube = kubernetes_recipe(kubernetes)  # first, so that an unknown version costs nothing
    go = golang.find(progress)
    return Programs(
        kube=_build(kube, go, progress),
        etcd=_build(module_recipe("etcd"), go, progress),
        coredns=_build(module_recipe("coredns"), go, progress),
        metrics_server=_build(module_recipe("metrics-server"), go, progress),
        dashboard=_build(module_recipe("dashboard"), go, progress),
        pause=_build(module_recipe("pause"), go, progress),
    )


def build_kubernetes(version: str, progress: Progress) -> Path:
    """Build only the multi-call Kubernetes binary, for an older kubelet on a node."""
    return _build(kubernetes_recipe(version), golang.find(progress), progress)


def build_kwok(progress: Progress) -> Path:
    """Build only kwok, which most labs do without."""
    return _build(module_recipe("kwok"), golang.find(progress), progress)


def build_end_to_end(progress: Progress) -> EndToEnd:
    """Build Kubernetes' own end-to-end tests, which no lab needs."""
    go = golang.find(progress)
    return EndToEnd(
        e2e_test=_build(end_to_end_recipe("k8s.io/kubernetes/test/e2e", ("test", "-c")), go, progress),
        agnhost=_build(end_to_end_recipe("k8s.io/kubernetes/test/images/agnhost"), go, progress),
        go_runner=_build(
            end_to_end_recipe("k8s.io/kubernetes/test/conformance/image/go-runner"), go, progress
        ),
        ginkgo=_build(end_to_end_recipe("github.com/onsi/ginkgo/v2/ginkgo"), go, progress),
        hydrophone=_build(end_to_end_recipe("sigs.k8s.io/hydrophone"), go, progress),
    )


def module_recipe(name: str) -> Recipe:
    """Give the recipe of a program that has a module of its own in lab/programs/."""
    title, package, linker_flags = {
        "etcd": (f"etcd {ETCD}", ".", LINKER_FLAGS),
        "coredns": (f"CoreDNS {COREDNS}", "github.com/coredns/coredns", LINKER_FLAGS),
        "metrics-server": (
            f"metrics-server {METRICS_SERVER}",
            "sigs.k8s.io/metrics-server/cmd/metrics-server",
            f"{LINKER_FLAGS} -X k8s.io/client-go/pkg/version.gitVersion=v{METRICS_SERVER}",
        ),
        "dashboard": (
            f"Kubernetes Dashboard {DASHBOARD}",
            "github.com/kubernetes/dashboard/src/app/backend",
            f"{LINKER_FLAGS} -X github.com/kubernetes/dashboard/src/app/backend/client.Version=v{DASHBOARD}",
        ),
        "kwok": (f"kwok {KWOK}", "sigs.k8s.io/kwok/cmd/kwok", LINKER_FLAGS),
        "pause": ("pause", ".", LINKER_FLAGS),
    }[name]
    module = MODULES / name
    return Recipe(name, name, title, module, ("-ldflags", linker_flags, package), _sources(module))


def end_to_end_recipe(package: str, verb: tuple[str, ...] = ("build",)) -> Recipe:
    """Give the recipe of a program of the module in lab/programs/e2e."""
    program, module = package.rpartition("/")[2], MODULES / "e2e"
    flags = kubernetes_linker_flags(KUBERNETES[DEFAULT_KUBERNETES])
    return Recipe(program, program, program, module, ("-ldflags", flags, package), _sources(module), verb)


def kubernetes_recipe(version: str) -> Recipe:
    """Give the recipe of a pinned Kubernetes version; LabError for any other."""
    pinned = KUBERNETES.get(version.removeprefix("v"))
    if pinned is None:
        raise LabError(
            f"Kubernetes {version} is not pinned in lab/versions.py (there are {', '.join(KUBERNETES)}): "
            "choose one of these, or pin it with lab/programs/pin_kubernetes.py and add its row."
        )
    module = MODULES / "kubernetes"
    module_file = module / pinned.module_file
    tags = ("-tags", ",".join(pinned.build_tags)) if pinned.build_tags else ()
    return Recipe(
        program="kube",
        entry=f"kube-{pinned.version}",
        title=f"Kubernetes {pinned.version}",
        module=module,
        arguments=(f"-modfile={module_file.name}", *tags, "-ldflags", kubernetes_linker_flags(pinned), "."),
        sources=(*module.glob("*.go"), module_file, module_file.with_suffix(".sum")),
    )


def _sources(module: Path) -> tuple[Path, ...]:
    return tuple(path for path in module.iterdir() if path.suffix in {".go", ".mod", ".sum"})


def kubernetes_linker_flags(version: KubernetesVersion) -> str:
    """Stamp the version where Kubernetes' own build does: without it the programs report v0.0.0."""
    stamps = {
        "gitVersion": f"v{version.version}",
        "gitMajor": str(version.major),
        "gitMinor": str(version.minor),
    }
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    settings = [f"-X {package}.{name}={value}" for package in packages for name, value in stamps.items()]
    return " ".join([LINKER_FLAGS, *settings])


def _build(recipe: Recipe, go: golang.Go, progress: Progress) -> Path:
    def build(directory: Path) -> None:
        arguments = ["-o", str(directory / recipe.program), *recipe.arguments]
        go.build(recipe.module, recipe.verb, arguments, recipe.title)

    return cache.entry(recipe.key(go.version), build, f"building {recipe.title}", progress) / recipe.program
