"""The model of a disk, in cases small enough to list every folder that a crash may leave."""

from __future__ import annotations

import random

import pytest

from eval.reliability.disk import Disk, Enter, Leave, Move, Operation, Sync, Tree, Write


def _left(before: Tree, *operations: Operation, choices: int = 64) -> list[Tree]:
    """Return every folder that a crash may leave, each once."""
    disk = Disk(before)
    for operation in operations:
        disk.apply(operation)
    trees = list(disk.crashed(choices, random.Random(0)))
    return [tree for number, tree in enumerate(trees) if tree not in trees[:number]]


def test_synced_data_is_never_lost() -> None:
    before: Tree = {"a": b"one", "d": None, "d/b": b"two"}
    assert _left(before) == [before]
    assert Disk(before).intact() == before


def test_an_unsynced_new_file_may_be_absent_empty_complete_half_or_zeros() -> None:
    left = _left({}, Enter("a", folder=False), Write("a", b"1234"))
    assert sorted(left, key=str) == sorted(
        [{}, {"a": b""}, {"a": b"1234"}, {"a": b"12"}, {"a": b"\0\0\0\0"}], key=str
    )


def test_a_synced_file_is_absent_or_complete_until_its_folder_is_synced() -> None:
    made = (Enter("a", folder=False), Write("a", b"1234"), Sync("a"))
    assert _left({}, *made) == [{}, {"a": b"1234"}]
    assert _left({}, *made, Sync("")) == [{"a": b"1234"}]


def test_syncing_the_folder_does_not_sync_the_file() -> None:
    left = _left({}, Enter("a", folder=False), Write("a", b"1234"), Sync(""))
    assert left == [{"a": b""}, {"a": b"1234"}, {"a": b"12"}, {"a": b"\0\0\0\0"}]


def test_an_overwritten_file_may_have_its_last_synced_content() -> None:
    left = _left({"a": b"old"}, Write("a", b"lost"), Write("a", b"new!"))
    assert left == [{"a": b"old"}, {"a": b"new!"}, {"a": b"ne"}, {"a": b"\0\0\0\0"}]


def test_a_rename_is_one_change() -> None:
    before: Tree = {"a": b"new", "b": b"old"}
    assert _left(before, Move("a", "b")) == [before, {"b": b"new"}]
    assert _left(before, Move("a", "b"), Sync("")) == [{"b": b"new"}]


def test_changes_of_entries_reach_the_disk_in_any_combination() -> None:
    before: Tree = {"a": b"1", "b": b"2"}
    left = _left(before, Leave("a"), Leave("b"))
    assert sorted(left, key=str) == sorted([before, {"a": b"1"}, {"b": b"2"}, {}], key=str)


def test_a_folder_appears_with_its_synced_content() -> None:
    made = (
        Enter("d", folder=True),
        Enter("d/a", folder=False),
        Write("d/a", b"1"),
        Sync("d/a"),
        Sync("d"),
    )
    assert _left({}, *made) == [{}, {"d": None, "d/a": b"1"}]
    assert _left({}, *made, Move("d", "e"), Sync("")) == [{"e": None, "e/a": b"1"}]
    unsynced = tuple(operation for operation in made if operation != Sync("d"))
    assert {"d": None} in _left({}, *unsynced)


def test_with_many_changes_none_all_and_random_choices_are_tried() -> None:
    before: Tree = {str(number): b"" for number in range(12)}
    leaves = [Leave(str(number)) for number in range(12)]
    left = _left(before, *leaves, choices=20)
    assert left[:2] == [before, {}]
    assert 10 < len(left) <= 20
    assert left == _left(before, *leaves, choices=20)


def test_the_view_of_processes_loses_nothing() -> None:
    disk = Disk({"a": b"1"})
    for operation in (Enter("d", folder=True), Write("a", b"2"), Enter("d/b", folder=False)):
        disk.apply(operation)
    assert disk.intact() == {"a": b"2", "d": None, "d/b": b""}


def test_a_rename_into_another_folder_is_refused() -> None:
    with pytest.raises(ValueError, match="another folder"):
        Disk({"a": b"", "d": None}).apply(Move("a", "d/a"))
