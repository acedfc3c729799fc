"""The tables, to the letter."""

from dataclasses import replace

import numpy as np
from rich.table import Table

from explorer.evaluate.record import Record
from explorer.evaluate.report import accuracy_table, budget_table, margin_table, markdown

# As in test_tradeoff, where each number is worked out.
RECORD = Record(
    labels=np.array([0, 1, 2, 3]),
    predicted=np.array([[0, 0, 0], [9, 1, 1], [9, 9, 2], [3, 9, 9]]),
    scores={"confidence": np.array([[0.9, 0.9, 1.0], [0.5, 0.7, 0.9], [0.6, 0.4, 0.8], [0.3, 0.2, 0.6]])},
    blocks=np.array([4, 8, 12]),
    macs=np.array([40, 70, 100]),
    macs_full=90,
)
RECORDS = {"validation": RECORD, "test": RECORD}


def test_markdown_of_a_table():
    table = Table("A", "B", title="T")
    table.add_row("1", "[x] | 2")
    assert markdown(table) == "**T**\n\n| A | B |\n| --- | --- |\n| 1 | [x] | 2 |"


def test_accuracy_at_each_exit():
    assert markdown(accuracy_table({"M": RECORDS})).splitlines()[2:] == [
        "| Model | block 4 | block 8 | block 12 |",
        "| --- | --- | --- | --- |",
        "| M | 50.00 | 50.00 | 75.00 |",
    ]


def test_models_with_other_exits_share_a_table():
    other = replace(RECORD, blocks=np.array([6, 8, 12]))
    text = markdown(accuracy_table({"M": RECORDS, "other": {"validation": other, "test": other}}))
    assert text.splitlines()[2:] == [
        "| Model | block 4 | block 6 | block 8 | block 12 |",
        "| --- | --- | --- | --- | --- |",
        "| M | 50.00 |  | 50.00 | 75.00 |",
        "| other |  | 50.00 | 50.00 | 75.00 |",
    ]


def test_accuracy_at_budgets_is_the_tests_at_the_validations_threshold():
    # No threshold of validation saves 1.5x and beats leaving at once: .5 at 40 MACs, 90 / 40 = 2.25x,
    # 12 / 4 = 3x.
    assert markdown(budget_table({"M": RECORDS})).splitlines()[2:] == [
        "| Model | Rule | 1.5x fewer MACs | 2x fewer MACs |",
        "| --- | --- | --- | --- |",
        "| M | confidence | 50.00 (2.25x, 3.00x) | 50.00 (2.25x, 3.00x) |",
    ]


def test_the_margin_is_held_on_validation_and_reported_on_test():
    test = replace(
        RECORD, labels=np.array([0, 1, 9, 9])
    )  # at .7: images 0 and 1 right, and 3, whose last answer is 9
    lines = markdown(margin_table({"M": {"validation": RECORD, "test": test}})).splitlines()
    assert (
        lines[2]
        == "| Model | Rule | Threshold | Accuracy | Below the final exit | Fewer MACs | Fewer blocks |"
    )
    assert lines[4] == "| M | confidence | 0.7 | 75.00 | 0.00 | 1.16x | 1.33x |"
