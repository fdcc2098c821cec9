"""The rights of a run: the manifest, the page and what is told of those that are missing."""

from pathlib import Path

import pytest
import yaml

from kubecheck.checks.catalogue import load_checks, suites
from kubecheck.cluster.needed import rights
from kubecheck.cluster.rights import WHOLE, Part
from kubecheck.policy import Policy
from kubecheck.policy.load import load_policy
from kubecheck.report.rights import manifest, missing_told

RUNBOOK = load_policy("runbook")
EVERYTHING = Policy.model_validate(
    {
        "network": {"network_policy": True},
        "images": {"pull_secrets": ["secret-place/pull"]},
        "addons": {"dashboard_admin": "kube-system/admin-user"},
    }
)
CHECKS = {check.id: check for check in load_checks(suites())}


def roles(policy):
    """Granted rules by (kind, namespace, name)."""
    documents = list(yaml.safe_load_all(manifest(policy, "p")))
    return {
        (each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"]): each["rules"]
        for each in documents
        if each["kind"].endswith("Role")
    }


def granted(rules, right):
    """Whether RBAC grants ``right`` by one of ``rules``."""
    return any(
        right.verb in rule["verbs"]
        and (
            right.what in rule["nonResourceURLs"]
            if "nonResourceURLs" in rule
            else right.group in rule["apiGroups"]
            and right.resource in rule["resources"]
            and ("resourceNames" not in rule or right.name in rule["resourceNames"])
        )
        for rule in rules
    )


@pytest.mark.parametrize(("folder", "profile"), [("base", "default"), ("runbook", "runbook")])
def test_the_manifests_of_the_repository_grant_what_the_policies_beside_them_need(folder, profile):
    deployed = Path(__file__).parents[4] / "deploy" / folder
    policy = load_policy(str(deployed / "policy.toml"))
    assert policy == load_policy(profile)
    file = deployed / "rbac.yaml"
    assert file.read_text(encoding="utf-8") == manifest(policy, profile), "run `make docs`"


def test_without_an_account_to_log_in_with_no_tokens_are_granted():
    assert not any("login" in name for _, _, name in roles(Policy()))


@pytest.mark.parametrize("policy", [Policy(), RUNBOOK, EVERYTHING], ids=["default", "runbook", "everything"])
def test_the_manifest_grants_each_right_by_its_part_and_no_wildcard(policy):
    found = roles(policy)
    for right in rights(policy):
        name = f"kubecheck-{right.part}"
        rules = found.get(("ClusterRole", "", name), []) + found.get(("Role", right.namespace, name), [])
        assert granted(rules, right), right
    assert "*" not in {
        word for rules in found.values() for rule in rules for words in rule.values() for word in words
    }


def test_secrets_and_tokens_are_granted_in_their_namespaces_only():
    for (kind, _, name), rules in roles(EVERYTHING).items():
        for rule in rules:
            if {"secrets", "serviceaccounts/token"} & set(
                rule.get("resources", ())
            ) and kind == "ClusterRole":
                assert (name, rule["verbs"]) == ("kubecheck-probes", ["create"])


def test_each_role_is_bound_to_the_account():
    documents = list(yaml.safe_load_all(manifest(EVERYTHING, "p")))
    bound = {
        (each["roleRef"]["kind"], each["metadata"].get("namespace", ""), each["roleRef"]["name"])
        for each in documents
        if each["kind"].endswith("Binding")
    }
    assert bound == set(roles(EVERYTHING))


@pytest.mark.parametrize("right", rights(EVERYTHING), ids=str)
def test_what_a_right_stops_are_checks_that_there_are(right):
    if right.checks != WHOLE:
        assert set(right.checks) <= set(CHECKS)


def test_every_probe_vantage_is_stopped_without_namespaces():
    create = next(right for right in rights(Policy()) if str(right) == "create namespaces")
    assert all(create.stops("any.check", kind) for kind in ("pod", "node", "kubectl", "fleet", "rehearsal"))
    assert not create.stops("any.check", "api")


def test_a_run_that_creates_nothing_needs_no_right_to():
    needed = rights(EVERYTHING, probes=False)
    assert {str(right) for right in needed if right.verb not in ("get", "list")} == {
        "create subjectaccessreviews.authorization.k8s.io"
    }
    assert Part.PROBES in {right.part for right in rights(EVERYTHING)}


def test_only_a_shard_is_held_to_what_shards_need():
    own = set(rights(Policy())) - set(rights(Policy(), shards=False))
    assert {str(right) for right in own} == {
        "patch configmaps kubecheck-shards", "list services", "list namespaces", "watch namespaces"
    }  # fmt: skip
    assert all(right.part is Part.PROBES and right.checks == WHOLE for right in own)


def test_missing_rights_are_told_with_what_is_unknown_without_them():
    wanted = {"create namespaces", "create pods", "list secrets in namespace kube-system", "list events"}
    told = missing_told(right for right in rights(Policy()) if str(right) in wanted)
    assert [line.partition(": ")[0].strip() for line in told[1:]] == [
        "list secrets in namespace kube-system",
        "create namespaces, create pods",
        "list events",
        "list secrets in namespace kube-system",
    ]
    assert "certs.bootstrap_token_usable" in told[1]
    assert "nothing is created" in told[2]
    assert told[3].endswith("unknown: nothing")
    assert missing_told(()) == []


@pytest.mark.parametrize(
    ("profile", "without"),
    [("default", "kubecheck-probes, kubecheck-rehearsal"),
     ("runbook", "kubecheck-login, kubecheck-probes, kubecheck-rehearsal")],
)  # fmt: skip
def test_the_head_names_what_a_run_without_probes_leaves_out(profile, without):
    text = manifest(load_policy(profile), profile)
    assert f"# needs none of {without}.\n" in text
    assert all(f"name: {name}\n" in text for name in without.split(", "))
