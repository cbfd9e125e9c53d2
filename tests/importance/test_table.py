"""The table of named features: what it takes, what it refuses, and in which words."""

import pickle

import numpy as np
import pytest

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.importance import FeatureTable


def table(**changes):
    given = {
        "values": np.arange(6.0).reshape(3, 2),
        "names": ("brightness", "colour strength"),
        "groups": ("brightness", "colour"),
        "rows": ("a.jpg", "b.jpg", "c.jpg"),
    }
    return FeatureTable(**(given | changes))


def test_columns_rows_and_length():
    one = table()
    assert len(one) == 3
    assert one.column("colour strength").tolist() == [1, 3, 5]
    assert one.take([2, 0]).values.tolist() == [[4, 5], [0, 1]]
    assert one.take([2, 0]).rows == ("c.jpg", "a.jpg")
    assert one.take(np.array([True, False, True])).rows == ("a.jpg", "c.jpg")
    assert one.take([-1]).rows == ("c.jpg",)
    assert one.select(["colour"]).names == ("colour strength",)
    assert one.without("brightness").names == ("colour strength",)


def test_values_cannot_be_changed_by_anybody():
    values = np.zeros((2, 1))
    one = FeatureTable(values, ("a",))
    values[:] = 7
    assert not one.values.any()
    with pytest.raises(ValueError, match="read-only"):
        one.values[0] = 1
    assert pickle.loads(pickle.dumps(one)).names == ("a",)


def test_a_column_of_its_own_is_a_group():
    assert FeatureTable(np.ones((1, 2)), ("a", "b")).groups == ("a", "b")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"values": np.zeros((0, 2)), "rows": ()}, "at least one row"),
        (
            {"values": np.zeros((3, 0)), "names": (), "groups": ()},
            "at least one row and one column",
        ),
        ({"values": np.zeros(3)}, r"\(n, f\)"),
        ({"names": ("a",)}, "1 names"),
        ({"groups": ("a",)}, "1 groups"),
        ({"rows": ("a",)}, "1 rows"),
        ({"names": ("a", "a")}, "more than once, first 'a'"),
        ({"names": ("a", " ")}, "empty text"),
        (
            {"values": np.array([[0, 1], [np.nan, 1], [np.inf, 1]])},
            "2 values .* 'brightness' in row 1",
        ),
    ],
    ids=["empty", "columnless", "flat", "names", "groups", "rows", "twice", "blank", "nan"],
)
def test_what_no_table_is(changes, words):
    with pytest.raises(InvalidArgument, match=words):
        table(**changes)


def test_names_are_texts():
    with pytest.raises(InvalidType, match="the text"):
        table(names="ab")
    with pytest.raises(InvalidType, match="got 3"):
        table(names=("a", 3))
    with pytest.raises(InvalidType, match="numbers"):
        table(values=[["a", "b"]] * 3)


def test_a_name_that_nobody_knows_suggests_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'colour strength'"):
        table().column("color strength")
    with pytest.raises(UnknownName, match="feature or group"):
        table().select(["texture"])


@pytest.mark.parametrize("rows", [[], [False, False, False], [3], [True], [0.5]])
def test_rows_that_are_not_there(rows):
    with pytest.raises((InvalidArgument, InvalidType)):
        table().take(rows)


def test_categories_become_columns_of_their_own():
    one = table().with_columns(
        {
            "mark": [3, 11, 3],
            "camera": ["x", None, "y"],
            "flash": [True, False, True],
            "age": [1.5, 2, 3],
        }
    )
    assert one.names[2:] == (
        *("mark = 3", "mark = 11", "camera = none", "camera = x", "camera = y", "flash", "age"),
    )
    assert one.groups[2:4] == ("mark", "mark")
    assert one.column("mark = 3").tolist() == [1, 0, 1]
    assert one.column("camera = none").tolist() == [0, 1, 0]
    assert one.column("flash").tolist() == [1, 0, 1]
    assert one.column("age").tolist() == [1.5, 2, 3]
    assert one.rows == table().rows


def test_annotations_that_do_not_fit():
    with pytest.raises(InvalidArgument, match="3 rows; some pictures were skipped"):
        table(skipped=(("d.jpg", "broken"),)).with_columns({"mark": [1, 2]})
    with pytest.raises(InvalidArgument, match="60 categories"):
        FeatureTable(np.zeros((60, 1)), ("a",)).with_columns({"number": np.arange(60)})
    with pytest.raises(InvalidArgument, match="more than once"):
        table().with_columns({"brightness": [0.5, 1.0, 2.0]})
    with pytest.raises(InvalidArgument, match="NaN"):
        table().with_columns({"age": [0.5, np.nan, 2.0]})


def test_joining_wants_the_same_pictures():
    other = FeatureTable(np.ones((3, 1)), ("edges",), rows=("a.jpg", "b.jpg", "c.jpg"))
    both = table().joined(other)
    assert both.names == ("brightness", "colour strength", "edges")
    assert table(rows=()).joined(other).rows == other.rows
    with pytest.raises(InvalidArgument, match="cannot be joined with 2"):
        table().joined(other.take([0, 1]))
    with pytest.raises(InvalidArgument, match=r"row 0 is 'a.jpg' .* 'b.jpg'"):
        table().joined(other.take([1, 0, 2]))
    with pytest.raises(InvalidType, match="with_columns"):
        table().joined(np.ones((3, 1)))


def test_constant_columns_are_named_and_the_repr_is_short():
    many = FeatureTable(np.ones((2, 30)), tuple(f"f{i}" for i in range(30)))
    assert many.constant() == many.names
    assert "and 22 more" in repr(many)
    assert "FeatureTable(2 x 30)" in repr(many)
