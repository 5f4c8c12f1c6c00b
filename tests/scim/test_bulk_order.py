"""The order of a bulk job's operations, and what they speak of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scim_server.scim.bulk_order import references, steps, substitute


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        ([], []),
        ([[], [], []], [[0], [1], [2]]),
        ([[], [0], [1]], [[0], [1], [2]]),
        ([[2], [], []], [[2], [0], [1]]),
        ([[1], [2], []], [[2], [1], [0]]),
        ([[0]], [[0]]),
        ([[1], [0]], [[0, 1]]),
        ([[3], [], [1], [2, 0], []], [[1], [2], [0, 3], [4]]),
        ([[1], [0], [3], [2, 1]], [[0, 1], [2, 3]]),
    ],
)
def test_what_is_needed_comes_first_and_the_rest_as_it_was_sent(
    needs: list[list[int]], expected: list[list[int]]
) -> None:
    assert list(steps(needs)) == expected


@given(st.integers(1, 12).flatmap(lambda n: st.lists(st.lists(st.integers(0, n - 1)), min_size=n, max_size=n)))
def test_every_operation_is_in_one_step_behind_all_that_it_needs(needs: list[list[int]]) -> None:
    order = list(steps(needs))

    place = {index: number for number, step in enumerate(order) for index in step}
    assert sorted(index for step in order for index in step) == list(range(len(needs)))
    for index, others in enumerate(needs):
        assert all(place[other] <= place[index] for other in others)
    for step in order:
        assert len(step) == 1 or all(set(step) <= _reached(needs, index) for index in step)


def _reached(needs: list[list[int]], start: int) -> set[int]:
    found, left = set(), [start]
    while left:
        new = [other for other in needs[left.pop()] if other not in found]
        found |= set(new)
        left += new
    return found


def test_a_chain_may_be_as_long_as_a_job() -> None:
    assert next(steps([[index + 1] for index in range(9_999)] + [[]])) == [9_999]


def test_bulk_ids_are_found_wherever_they_stand_for_a_value() -> None:
    data = {
        "userName": "not bulkId:this",
        "manager": {"value": "bulkId:a"},
        "members": [{"value": "bulkId:b"}, "bulkId:c"],
        "Operations": [{"path": 'members[value eq "bulkId:d" or value eq "bulkId:e"]', "value": None}],
        "active": True,
    }

    assert references(data) == {"a", "b", "c", "d", "e"}
    assert substitute(data, str.upper) == {
        "userName": "not bulkId:this",
        "manager": {"value": "A"},
        "members": [{"value": "B"}, "C"],
        "Operations": [{"path": 'members[value eq "D" or value eq "E"]', "value": None}],
        "active": True,
    }
