import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecheck.policy import Policy, PolicyError, load_policy
from kubecheck.policy.load import FILE_LIMIT, profiles
from kubecheck.policy.model import Dns


@pytest.fixture
def written(tmp_path):
    """Writes a policy file and returns its path."""

    def write(content):
        path = tmp_path / "policy.toml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def refusal(source):
    with pytest.raises(PolicyError) as refused:
        load_policy(source)
    said = str(refused.value)
    assert said
    assert "\n" not in said, "one sentence is one line"
    return said


def test_without_a_source_the_defaults_hold():
    policy = load_policy(None)
    assert policy == Policy()
    assert policy.dns.service == "kube-system/kube-dns"
    assert policy.timing.question == 3
    assert policy.addons.metrics_server is False


def test_the_profiles_are_those_that_ship():
    assert profiles() == ("default", "runbook")


@pytest.mark.parametrize("name", profiles())
def test_every_profile_loads_and_names_itself(name):
    assert load_policy(name).profile == name


def test_the_default_profile_is_the_defaults():
    assert load_policy("default") == Policy()


def test_the_runbook_profile_asks_for_a_hundred_years():
    policy = load_policy("runbook")
    assert policy.certificates.kubelet_client_min_days > 36_000
    assert policy.dns.min_replicas == 2
    assert policy.addons.metrics_server is True


def test_an_empty_file_is_the_default(written):
    assert load_policy(written("")) == Policy()


def test_a_file_changes_only_what_it_names(written):
    policy = load_policy(written('profile = "runbook"\n[dns]\nservice = "dns/coredns"\n'))
    assert policy.dns.service == "dns/coredns"
    assert policy.dns.min_replicas == 2, "the profile's own value, in the same table"
    assert policy.timing == Policy().timing


def test_a_whole_number_is_good_enough_where_a_fraction_is_meant(written):
    assert load_policy(written("[timing]\nsettling = 20\n")).timing.settling == 20.0


def test_lists_are_taken(written):
    policy = load_policy(written('[images]\npull_secrets = ["default/registry"]\n'))
    assert policy.images.pull_secrets == ("default/registry",)


@pytest.mark.parametrize(
    ("text", "key", "allowed"),
    [
        ("colour = 1", "colour", "allowed are " + ", ".join(sorted(Policy.model_fields))),
        ("[dns]\nreplicas = 2", "dns.replicas", "allowed are " + ", ".join(sorted(Dns.model_fields))),
        ("[timing]\nquestion = 31", "timing.question", "less than or equal to 30"),
        ("[timing]\nquestion = 0", "timing.question", "greater than or equal to 1"),
        ('[timing]\nquestion = "3"', "timing.question", "valid integer"),
        ("[timing]\nquestion = 2.5", "timing.question", "valid integer"),
        ("[timing]\nquestion = true", "timing.question", "valid integer"),
        ("[timing]\nsettling = nan", "timing.settling", "less than or equal to 120"),
        ("[timing]\npods_ready = inf", "timing.pods_ready", "less than or equal to 900"),
        ('[images]\npull_policy = "Sometimes"', "images.pull_policy", "'IfNotPresent', 'Always' or 'Never'"),
        ('[images]\nbusybox = ""', "images.busybox", "at least 1 character"),
        ("[images]\npull_secrets = [1]", "images.pull_secrets.0", "valid string"),
        ('[dns]\nservice = "kube-dns"', "dns.service", "pattern"),
        ('[probes]\npriority_class = "High"', "probes.priority_class", "pattern"),
        ('[probes]\npriority_class = "high-"', "probes.priority_class", "pattern"),
        ('[probes]\npriority_class = "a..b"', "probes.priority_class", "pattern"),
        (f'[probes]\npriority_class = "{"a" * 254}"', "probes.priority_class", "at most 253 characters"),
        ("[addons]\nmetrics_server = 1", "addons.metrics_server", "valid boolean"),
        ("dns = 3", "dns", "dictionary"),
        ("[[dns]]\nmin_replicas = 1", "dns", "dictionary"),
        ("[timing]\nquestion = 2026-01-01", "timing.question", "valid integer"),
    ],
)
def test_a_wrong_value_is_refused_with_the_key_and_what_is_allowed(written, text, key, allowed):
    path = written(text)
    said = refusal(path)
    assert path in said
    assert key in said
    assert allowed in said


def test_all_that_is_wrong_is_told_at_once(written):
    said = refusal(written("[timing]\nquestion = 0\n[dns]\nreplicas = 2\n"))
    assert "timing.question" in said
    assert "dns.replicas" in said


@pytest.mark.parametrize("profile", ['"kubeadm"', "3", "[]", "{}"])
def test_an_unknown_profile_is_refused_with_those_there_are(written, profile):
    said = refusal(written(f"profile = {profile}\n"))
    assert "profile" in said
    assert "default, runbook" in said


def test_a_missing_file_is_told_with_the_profiles(tmp_path):
    said = refusal(str(tmp_path / "nowhere.toml"))
    assert "does not exist" in said
    assert "default, runbook" in said


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("dns: {service: a/b}\n", "is not TOML"),
        ("[dns\n", "is not TOML"),
        ("dns = 1\ndns = 2\n", "is not TOML"),
        (b"\xff\xfe\x00binary\x9c", "is not text"),
        (b"\x7fELF\x02\x01\x01\x00", "is not TOML"),
        (b"#" * (FILE_LIMIT + 1), "larger than a policy can be"),
    ],
    ids=["yaml", "broken off", "twice", "not text", "program", "huge"],
)
def test_another_kind_of_file_is_refused(written, content, words):
    path = written(content)
    said = refusal(path)
    assert path in said
    assert words in said


@pytest.mark.parametrize(
    "content", ["a = " + "[" * 20_000, "a = " + "9" * 5_000], ids=["nested too deep", "number too long"]
)
def test_a_file_that_python_cannot_hold_is_refused_too(written, content):
    refusal(written(content))


def test_a_directory_is_refused(tmp_path):
    said = refusal(str(tmp_path))
    assert "cannot be read" in said
    assert "directory" in said.lower()


TOML_VALUES = st.one_of(
    st.integers(), st.booleans(), st.text(st.characters(codec="utf-8")), st.lists(st.integers(), max_size=2)
)


@given(
    section=st.sampled_from(["images", "timing", "network", "dns", "certificates", "addons"]),
    key=st.sampled_from(
        ["busybox", "question", "settling", "service", "min_replicas", "metrics_server", "x"]
    ),
    value=TOML_VALUES,
)
def test_any_value_is_taken_or_refused_in_words(tmp_path_factory, section, key, value):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(f"[{section}]\n{key} = {toml(value)}\n", encoding="utf-8")
    try:
        policy = load_policy(str(path))
    except PolicyError as refused:
        said = str(refused)
    else:
        assert getattr(getattr(policy, section), key) == value
        return
    assert f"{section}.{key}" in said


def toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(character):08x}" for character in value) + '"'
    return repr(value)


def test_a_password_in_an_images_name_is_refused_and_not_told(written):
    with pytest.raises(PolicyError, match=r"images\.busybox \(line 2\)") as refused:
        load_policy(written('[images]\nbusybox = "someone:canary@registry.test/busybox:1.37"\n'))
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("name", ["", "high", "system-node-critical", "team-1.example.org"])
def test_a_priority_class_is_named_as_kubernetes_names_objects(written, name):
    policy = load_policy(written(f'[probes]\npriority_class = "{name}"\n'))
    assert policy.probes.priority_class == name


def test_an_image_may_be_named_by_its_digest(written):
    image = f"registry.test:5000/busybox:1.37@sha256:{'0a' * 32}"
    assert load_policy(written(f'[images]\nbusybox = "{image}"\n')).images.busybox == image
