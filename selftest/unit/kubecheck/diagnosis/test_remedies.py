import json
import subprocess

import pytest

from kubecheck.diagnosis.catalogue import all_kinds
from kubecheck.report.steps import step

KINDS = {kind.id: kind for kind in all_kinds()}
BEFORE = {
    "etc/kubernetes/kubelet.conf": "old",
    "var/lib/kubelet/pki/kubelet-client-1.pem": "old",
    "var/lib/kubelet/pki/kubelet-client-current.pem": "old",
}


@pytest.mark.parametrize("kind", ["client-certificate-ending", "signer-untrusted", "signing-duration"])
class TestANewCertificateForAKubelet:
    @pytest.fixture
    def node(self, tmp_path):
        for path, text in BEFORE.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        (tmp_path / "root").mkdir()
        return tmp_path

    def follow(self, kind, node):
        """The files of a node that kubeadm made, after what it is told, and whether that went well."""
        [told] = [text for text in KINDS[kind].remedy if "where that kubelet.conf was copied to" in text]
        command = step(told).command.replace("systemctl", "true")
        for folder in ("/etc/", "/var/", "/root/"):
            command = command.replace(f" {folder}", f" {node}{folder}")
        ended = subprocess.run(["sh", "-c", command], cwd=node / "root", capture_output=True, check=False)
        files = {str(p.relative_to(node)): p.read_text() for p in node.rglob("*") if p.is_file()}
        return files, ended.returncode == 0

    def test_the_kubelet_gets_a_whole_kubeconfig_and_keeps_the_old_files_aside(self, kind, node):
        (node / "root/kubelet.conf").write_text("new")
        files, well = self.follow(kind, node)
        assert well
        assert files == {
            "etc/kubernetes/kubelet.conf": "new",
            "root/kubelet-before/kubelet.conf": "old",
            "root/kubelet-before/kubelet-client-1.pem": "old",
            "root/kubelet-before/kubelet-client-current.pem": "old",
        }

    def test_without_a_new_kubeconfig_nothing_is_taken_away(self, kind, node):
        files, well = self.follow(kind, node)
        assert not well
        assert files == BEFORE | {"root/kubelet-before/kubelet.conf": "old"}

    def test_nothing_is_deleted_on_a_node(self, kind, node):
        assert not any("rm /" in text for text in KINDS[kind].remedy)

    def test_a_binary_installs_step_says_so(self, kind, node):
        [told] = [text for text in KINDS[kind].remedy if "kubelet.kubeconfig" in text]
        assert told.startswith("on {node}, as a binary install, while a bootstrap token is valid: ")


def test_a_field_that_may_be_missing_is_taken_away_by_a_merge():
    (told,) = [text for text in KINDS["metrics-apiservice"].remedy if "caBundle" in text and "patch" in text]
    command, _, patch = step(told).command.partition(" -p ")
    assert command.endswith(" --type=merge")
    assert json.loads(patch.strip("'")) == {"spec": {"caBundle": None, "insecureSkipTLSVerify": True}}
