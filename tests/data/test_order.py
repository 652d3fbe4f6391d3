import torch

from gansmith.data.order import EndlessOrder

N = 7


def places(begin, count, seed=0):
    return EndlessOrder(N, seed).at(begin, count)[0]


def test_each_round_has_everything_once_in_another_order():
    rounds = places(0, 5 * N).view(5, N)
    assert torch.equal(rounds.sort().values, torch.arange(N).expand(5, N))
    assert not torch.equal(rounds[0], rounds[1])


def test_a_place_does_not_depend_on_how_one_asks_for_it():
    order = EndlessOrder(N, 0)
    whole, coins = order.at(0, 40)
    for begin, count in ((0, 3), (30, 10), (5, 20), (6, 1)):
        some, some_coins = order.at(begin, count)
        assert torch.equal(some, whole[begin : begin + count])
        assert torch.equal(some_coins, coins[begin : begin + count])


def test_seeds_give_orders_of_their_own():
    assert not torch.equal(places(0, N, seed=1), places(0, N, seed=2))
