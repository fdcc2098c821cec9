import contextlib
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecheck.cluster import parse
from kubecheck.cluster.objects import Resources

FACTORS = {
    "n": Fraction(1, 10**9), "u": Fraction(1, 10**6), "m": Fraction(1, 1000), "": 1, "k": 10**3, "M": 10**6,
    "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40,
    "Pi": 2**50, "Ei": 2**60,
}  # fmt: skip


@given(
    whole=st.integers(0, 10**12),
    digits=st.text("0123456789", max_size=6),
    sign=st.sampled_from(["", "+", "-"]),
    suffix=st.sampled_from(sorted(FACTORS)),
)
def test_a_quantity_is_its_number_times_its_suffix(whole, digits, sign, suffix):
    number = f"{sign}{whole}" + (f".{digits}" if digits else "")
    expected = Fraction(number) * FACTORS[suffix]
    assert parse.quantity(number + suffix) == pytest.approx(float(expected), rel=1e-12)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("250m", 0.25),
        ("1Gi", 1073741824),
        ("129e6", 129e6),
        ("129M", 129e6),
        ("1E3", 1000),
        ("1E", 1e18),
        (".5", 0.5),
        ("0", 0),
        ("3871820Ki", 3871820 * 1024),
        ("155317522n", 0.155317522),
    ],
)
def test_quantities_as_kubernetes_writes_them(text, value):
    assert parse.quantity(text) == pytest.approx(value)


@pytest.mark.parametrize(
    "text", ["", "Gi", "1 Gi", "1gi", "1KiB", "1.2.3", "--1", "nan", "inf", "0x10", "1e", "."]
)
def test_what_is_no_quantity_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        parse.quantity(text)


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_a_value_error(text):
    with contextlib.suppress(ValueError):
        assert isinstance(parse.quantity(text), float)


def test_what_a_pod_requests_is_what_all_of_its_containers_do():
    def container(**requests):
        return {"resources": {"requests": requests}}

    item = {
        "metadata": {"namespace": "apps", "name": "db-0"},
        "spec": {
            "containers": [container(cpu="250m", memory="1Gi"), container(cpu="1"), {}],
            "initContainers": [container(memory="64Mi")],
            "overhead": {"cpu": "50m", "memory": "64Mi"},
        },
    }
    assert parse.pod(item).requests == Resources(pytest.approx(1.3), 2**30 + 2 * 64 * 2**20)
    assert parse.pod({**item, "spec": {}}).requests == Resources()


def test_a_node_tells_what_its_pods_may_request():
    status = {"capacity": {"cpu": "4"}, "allocatable": {"cpu": "3500m", "memory": "2Gi", "pods": "110"}}
    read = parse.node({"metadata": {"name": "n1"}, "status": status})
    assert (read.allocatable, read.pod_slots) == (Resources(3.5, 2**31), 110)
    assert parse.node({"metadata": {"name": "n1"}, "status": {}}).pod_slots == 0
