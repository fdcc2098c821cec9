import pytest

from kubecheck.shard import WHOLE, Shard


@pytest.mark.parametrize("text", ["1/1", "2/4", "4/4", "17/100"])
def test_a_share_is_written_as_it_is_read(text):
    assert str(Shard.parse(text)) == text


@pytest.mark.parametrize("text", ["", "0/4", "5/4", "1", "1/0", "-1/2", "a/b", "1/2/3", " 1/2"])
def test_what_is_no_share_is_told(text):
    with pytest.raises(ValueError, match="is no share: write 2/4"):
        Shard.parse(text)


def test_each_place_belongs_to_one_shard():
    for of in (1, 2, 3, 7):
        shards = [Shard(number, of) for number in range(1, of + 1)]
        for place in range(20):
            assert sum(shard.holds(place) for shard in shards) == 1
    assert WHOLE.holds(5)
    assert WHOLE.whole
