"""With the rights of `kubecheck rights` a run sees all; without some, exactly what was told is unknown."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kubernetes import client, watch

from kubecheck.cluster.needed import WITHOUT_PROBES, rights
from kubecheck.cluster.rights import Part, Right
from kubecheck.policy import load_policy
from kubecheck.report.rights import manifest
from lab.handle import Lab
from selftest.lab.conftest import Run, write_kubeconfig
from selftest.running import ROOT

Grant = Callable[[Callable[[Right], bool]], Path]
PUBLIC = ("/readyz", "/version")  # which system:public-info-viewer grants to everybody
NARROWED = "system:serviceaccount:kubecheck:kubecheck"
OF_CREDENTIALS = "certs.own_client_certificate"  # looks at the kubeconfig, and not at the cluster


@pytest.fixture
def apply(kubectl: Callable[..., str], tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Create what a manifest says, and delete it after the test."""
    applied: list[Path] = []

    def create(text: str) -> None:
        file = tmp_path / f"{len(applied)}.yaml"
        file.write_text(text)
        applied.append(file)
        kubectl("apply", "-f", str(file))

    yield create
    for file in reversed(applied):
        kubectl("delete", "-f", str(file), "--ignore-not-found", "--wait=false")


@pytest.fixture
def account() -> str:
    """The name of the test's own ServiceAccount and of its namespace; earlier ones may still be going."""
    return f"narrow-{secrets.token_hex(3)}"


@pytest.fixture
def grant(
    kubectl: Callable[..., str],
    lab: Lab,
    apply: Callable[[str], None],
    account: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Grant:
    """Grant the account those rights of the lab's policy that are wanted; its kubeconfig."""

    def make(wanted: Callable[[Right], bool]) -> Path:
        policy = load_policy(str(lab.policy))
        granted = tuple(filter(wanted, rights(policy)))
        monkeypatch.setattr("kubecheck.report.rights.rights", lambda _policy, **_options: granted)
        monkeypatch.setattr("kubecheck.report.rights.NAME", account)
        apply(manifest(policy, "the lab's"))
        token = kubectl("-n", account, "create", "token", account).strip()
        return write_kubeconfig(lab, tmp_path / "account.kubeconfig", {"token": token})

    return make


@pytest.fixture
def created(api: client.ApiClient) -> Callable[..., list[str]]:
    """Names of what runs have created since the test began, whether or not it still stands."""
    core, certificates = client.CoreV1Api(api), client.CertificatesV1Api(api)
    lists = (
        core.list_namespace,
        core.list_pod_for_all_namespaces,
        certificates.list_certificate_signing_request,
    )
    begun = [(each, each(limit=1).metadata.resource_version) for each in lists]

    def names(*runs: Run) -> list[str]:
        of_runs = f"kubecheck.dev/run in ({','.join(run.verdict['run'] for run in runs)})"
        return [
            event["object"].metadata.name
            for each, version in begun
            for event in watch.Watch().stream(
                each, resource_version=version, timeout_seconds=1, label_selector=of_runs
            )
        ]

    return names


def judged(run: Run) -> dict[tuple[str, str], str]:
    """Outcomes of what was looked at and is the cluster's."""
    return {
        (each["id"], each["vantage"]): each["outcome"]
        for each in run.verdict["checks"]
        if each["id"] != OF_CREDENTIALS
    }


def told(missing: list[Right], outcomes: dict[tuple[str, str], str]) -> set[tuple[str, str]]:
    """The results that are unknown without the rights ``missing``, as the table of rights says."""
    return {
        (check, vantage)
        for check, vantage in outcomes
        if any(right.stops(check, vantage.partition(":")[0]) for right in missing)
    }


def test_with_its_rights_the_account_sees_what_the_administrator_sees(
    kubecheck: Callable[..., Run],
    grant: Grant,
    account: str,
    apply: Callable[[str], None],
    kubectl: Callable[..., str],
    lab: Lab,
    created: Callable[..., list[str]],
    healthy: Run,
    leftovers: Callable[[], list[str]],
) -> None:
    kubeconfig = grant(lambda _: True)
    user = f"system:serviceaccount:{account}:{account}"
    narrow = (ROOT / "deploy/narrow.yaml").read_text()
    assert NARROWED in narrow
    apply(narrow.replace(NARROWED, user))
    run = kubecheck(kubeconfig=kubeconfig)
    assert len(created(run)) > len(lab.nodes)  # so that this is seen where it happens
    assert run.code == 0, run.output
    assert judged(run) == judged(healthy)
    assert run.verdict["missing_rights"] == healthy.verdict["missing_rights"] == []
    assert not [name for name in leftovers() if run.verdict["run"] in name]
    config = ["--as", user, "--dry-run=server"]
    with pytest.raises(AssertionError, match="only in namespaces whose names begin with kubecheck-"):
        kubectl("-n", "default", "create", "configmap", "elsewhere", *config)


def test_without_probes_nothing_is_created_and_what_was_told_is_unknown(
    kubecheck: Callable[..., Run], grant: Grant, lab: Lab, created: Callable[..., list[str]]
) -> None:
    runs = [kubecheck("--no-probes")]
    administrator = judged(runs[0])
    needed = [each for each in rights(load_policy(str(lab.policy)), probes=False) if each.what not in PUBLIC]
    least = ("list nodes", "list servicecidrs.networking.k8s.io")
    more_and_more: list[Callable[[Right], bool]] = [
        lambda right: str(right) in least,
        lambda right: right.part is Part.READ,
        lambda right: right.part in WITHOUT_PROBES,
    ]
    for wanted in more_and_more:
        runs.append(run := kubecheck("--no-probes", kubeconfig=grant(wanted)))
        missing = [each for each in needed if not wanted(each)]
        # What does not apply here may say so without the right that it needs elsewhere.
        expected = told(missing, {key: found for key, found in administrator.items() if found == "passed"})
        changed = {key for key, found in judged(run).items() if found != administrator[key]}
        assert expected <= changed <= told(missing, administrator), run.output
        assert {judged(run)[key] for key in changed} <= {"unknown"}
        assert {found["what"] for found in run.verdict["missing_rights"]} == {each.what for each in missing}
        assert run.code == (10 if missing else 0)
        assert "read-only: " in run.output.rstrip().splitlines()[-1]
    assert created(*runs) == []


def test_without_one_right_that_probes_need_nothing_is_created(
    kubecheck: Callable[..., Run], grant: Grant, created: Callable[..., list[str]]
) -> None:
    run = kubecheck(kubeconfig=grant(lambda right: str(right) != "create pods/exec"))
    assert run.code == 10, run.output
    assert "  create pods/exec: no probe pods" in run.output
    unknown = run.with_outcome("unknown")
    assert unknown == {key for key in run.outcomes if not key[1].startswith("api")}
    assert "these credentials may not create pods/exec" in run.verdict["fleet_problem"]
    (right,) = run.verdict["missing_rights"]
    assert set(right["checks"]) == {check for check, _ in unknown}
    assert created(run) == []
