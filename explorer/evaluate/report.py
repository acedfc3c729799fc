"""Tables of an evaluation, as rich tables for the screen or as Markdown for a README."""

from __future__ import annotations

from rich.table import Table

from explorer.evaluate.calibration import reliability
from explorer.evaluate.overthinking import overthinking
from explorer.evaluate.record import Record
from explorer.evaluate.tradeoff import at_threshold, at_thresholds, cheapest, most_accurate
from explorer.rules.chosen import Chosen

Records = dict[str, Record]
BUDGETS = (1.5, 2.0)  # the table compares models where they save at least these factors in MACs
MARGIN = 0.01  # accuracy that may be lost against the model's own final exit


def accuracy_table(models: dict[str, Records], measure: str = "accuracy") -> Table:
    """Test accuracy at each exit, a row per model (title -> its records).

    `measure` is what the tables call it: accuracy, or for records of a teacher's answers, agreement with it.
    """
    tests = {title: records["test"] for title, records in models.items()}
    blocks = sorted({int(b) for test in tests.values() for b in test.blocks})
    table = Table("Model", *[f"block {b}" for b in blocks], title=f"Test {measure} (%) at each exit")
    for title, test in tests.items():
        cells = {int(b): f"{100 * a:.2f}" for b, a in zip(test.blocks, test.accuracy, strict=True)}
        table.add_row(title, *[cells.get(b, "") for b in blocks])
    return table


def budget_table(models: dict[str, Records], measure: str = "accuracy") -> Table:
    """Test accuracy at MAC budgets; thresholds are chosen on the validation images."""
    heads = [f"{b:g}x fewer MACs" for b in BUDGETS]
    table = Table("Model", "Rule", *heads, title=f"Test {measure} (%) (fewer MACs, fewer blocks) at a budget")
    for title, records in models.items():
        for rule in records["test"].scores:
            cells = []
            for budget in BUDGETS:
                chosen = most_accurate(records["validation"], rule, budget)
                point = at_threshold(records["test"], rule, chosen.threshold)
                cells.append(f"{100 * point.accuracy:.2f} ({point.by_macs:.2f}x, {point.by_blocks:.2f}x)")
            table.add_row(title, rule, *cells)
    return table


def margin_table(models: dict[str, Records], measure: str = "accuracy") -> Table:
    """What is saved on the test images when validation accuracy may fall `MARGIN` below the final exit's."""
    table = Table(
        "Model", "Rule", "Threshold", measure.capitalize(), "Below the final exit", "Fewer MACs", "Fewer blocks",
        title=f"Cheapest threshold losing at most {100 * MARGIN:g} point on validation, on test",
    )  # fmt: skip
    for title, records in models.items():
        for rule in records["test"].scores:
            floor = records["validation"].accuracy[-1] - MARGIN
            threshold = cheapest(records["validation"], rule, floor).threshold
            point = at_threshold(records["test"], rule, threshold)
            lost = records["test"].accuracy[-1] - point.accuracy
            table.add_row(
                title,
                rule,
                f"{threshold:.4g}",
                f"{100 * point.accuracy:.2f}",
                f"{100 * lost:.2f}",
                f"{point.by_macs:.2f}x",
                f"{point.by_blocks:.2f}x",
            )
    return table


def calibration_table(models: dict[str, Records], _measure: str = "accuracy") -> Table:
    """Expected calibration error of each exit's confidence on the test images, in points; 0 is perfect."""
    tests = {title: records["test"] for title, records in models.items()}
    blocks = sorted({int(b) for test in tests.values() for b in test.blocks})
    table = Table("Model", *[f"block {b}" for b in blocks], title="Calibration error (ECE, points) on test")
    for title, test in tests.items():
        errors = [reliability(test, e).ece for e in range(len(test.blocks))]
        cells = {int(b): f"{100 * error:.2f}" for b, error in zip(test.blocks, errors, strict=True)}
        table.add_row(title, *[cells.get(b, "") for b in blocks])
    return table


def overthinking_table(models: dict[str, Records], _measure: str = "accuracy") -> Table:
    """Overthinking of networks that never leave early (Kaya et al. 2019), on the test images."""
    table = Table("Model", "Wasteful", "Destructive", "Right at some exit", title="Overthinking (%) on test")
    for title, records in models.items():
        found = overthinking(records["test"])
        shares = (found.wasteful, found.destructive, found.some_exit_right)
        table.add_row(title, *[f"{100 * share:.2f}" for share in shares])
    return table


# What `evaluate` prints to compare models.
TABLES = (accuracy_table, budget_table, margin_table, calibration_table, overthinking_table)


def chosen_table(records: Records, chosen: Chosen, title: str) -> Table:
    """What the thresholds of a file give on each split of a model, and the share leaving at each exit (%)."""
    blocks = records["test"].blocks
    table = Table(
        "Images", "Accuracy", "MACs (M)", "Fewer MACs", "Fewer blocks", *[f"block {b}" for b in blocks],
        title=f"{title}: {chosen.rule} at {chosen.says}",
    )  # fmt: skip
    for split, record in records.items():
        found = at_thresholds(record, chosen.rule, chosen.thresholds)
        table.add_row(
            f"{split} ({len(record.labels)})",
            f"{100 * found.accuracy:.2f}",
            f"{found.macs / 1e6:.2f}",
            f"{found.by_macs:.2f}x",
            f"{found.by_blocks:.2f}x",
            *[f"{100 * share:.2f}" for share in found.leaving],
        )
    return table


def markdown(table: Table) -> str:
    """A rich table of plain text as Markdown."""
    columns = [list(column.cells) for column in table.columns]
    heads = [str(column.header) for column in table.columns]
    rows = [heads, ["---"] * len(heads), *map(list, zip(*columns, strict=True))]
    title = f"**{table.title}**\n\n" if table.title else ""
    return title + "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)
