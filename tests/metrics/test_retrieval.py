"""Recall in pools, on matrices whose answer is plain."""

import pytest
import torch

from gansmith.metrics.retrieval import recall_at


def test_places_are_counted_row_by_row():
    similarities = torch.tensor(
        [
            [0.9, 0.1, 0.2, 0.3],  # first
            [0.8, 0.5, 0.1, 0.2],  # second
            [0.7, 0.6, 0.5, 0.1],  # third
            [0.9, 0.8, 0.7, 0.6],  # fourth
        ]
    )
    assert [recall_at(similarities, k, pool=4) for k in (1, 2, 3, 4)] == [0.25, 0.5, 0.75, 1.0]


def test_columns_ask_where_the_matrix_is_transposed():
    similarities = torch.tensor([[0.5, 0.6], [0.4, 0.7]])
    assert recall_at(similarities, 1, pool=2) == 0.5
    assert recall_at(similarities.T, 1, pool=2) == 1.0


def test_ties_count_against_it():
    assert recall_at(torch.ones(10, 10), 9, pool=10) == 0.0
    assert recall_at(torch.ones(10, 10), 10, pool=10) == 1.0


def test_nan_never_hits():
    assert recall_at(torch.full((4, 4), torch.nan), 3, pool=4) == 0.0
    similarities = torch.eye(4)
    similarities[0, 1] = torch.nan
    assert recall_at(similarities, 1, pool=4) == 0.75


def test_pools_are_disjoint_in_order_and_full():
    similarities = torch.eye(7)
    similarities[0, 3] = 2.0  # another pool's candidate
    similarities[1, 0] = 2.0  # the own pool's
    similarities[6] = torch.arange(7)  # in no pool
    assert recall_at(similarities, 1, pool=3) == pytest.approx(5 / 6)
    assert recall_at(similarities, 1, pool=2) == pytest.approx(5 / 6)
    assert recall_at(similarities, 1, pool=7) == pytest.approx(5 / 7)


def test_chance_is_k_in_a_pool():
    similarities = torch.rand(3000, 3000, generator=torch.Generator().manual_seed(0))
    assert recall_at(similarities, 1) == pytest.approx(0.01, abs=0.006)
    assert recall_at(similarities, 5) == pytest.approx(0.05, abs=0.013)


def test_it_is_that_of_each_pool_alone():
    similarities = torch.randn(60, 60, generator=torch.Generator().manual_seed(0))
    pools = [similarities[first : first + 20, first : first + 20] for first in (0, 20, 40)]
    expected = sum(recall_at(pool, 5, pool=20) for pool in pools) / 3
    assert recall_at(similarities, 5, pool=20) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("shape", "k", "pool"), [((4, 5), 1, 4), ((4,), 1, 4), ((4, 4), 1, 5), ((4, 4), 0, 4), ((4, 4), 5, 4)]
)
def test_what_has_no_answer_is_refused(shape, k, pool):
    with pytest.raises(ValueError, match=r"similarities|recall"):
        recall_at(torch.zeros(shape), k, pool)
