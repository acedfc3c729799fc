// What follows from a batch's rows: sums, shares per exit, an order, and files to download.

/** The rows that were read and ran. */
export function answered(rows) {
  return rows.filter((row) => !row.error);
}

/** {pictures, failed, block, macs: {used, full}, factor}: the mean exit block, and full / used; null without rows. */
export function sums(rows) {
  const ran = answered(rows);
  if (ran.length === 0) return null;
  const total = (value) => ran.reduce((sum, row) => sum + value(row), 0);
  const macs = { used: total(({ macs }) => macs.used), full: total(({ macs }) => macs.full) };
  const block = total(({ exit }) => exit.block) / ran.length;
  return { pictures: ran.length, failed: rows.length - ran.length, block, macs, factor: macs.full / macs.used };
}

/** How many pictures left behind each of `blocks`. */
export function leftAt(rows, blocks) {
  const ran = answered(rows);
  return blocks.map((block) => ran.filter(({ exit }) => exit.block === block).length);
}

const VALUES = {
  image: (row) => row.image,
  answer: (row) => row.prediction[0].label,
  probability: (row) => row.prediction[0].probability,
  exit: (row) => row.exit.block,
  macs: (row) => 1 - row.macs.used / row.macs.full,
  ms: (row) => row.ms.used,
};

/** Columns that rows can be ordered by. */
export const COLUMNS = Object.keys(VALUES);

/** The rows' indices ordered by a column, null for the original order; what could not be read comes last. */
export function ordered(rows, column, down) {
  const indices = rows.map((_, i) => i);
  const value = VALUES[column];
  if (!value) return indices;
  const compare = (a, b) => (typeof a === "string" ? a.localeCompare(b, undefined, { numeric: true }) : a - b);
  return indices.sort((i, j) => {
    const [a, b] = [rows[i], rows[j]];
    if (a.error || b.error) return Boolean(a.error) - Boolean(b.error) || i - j;
    return (down ? compare(value(b), value(a)) : compare(value(a), value(b))) || i - j;
  });
}

/** CSV rows, the first the header. */
export function csvRows(rows) {
  const header = ["image", "answer", "probability", "exit_block", "exit_kind", "grain", "left_out"];
  const more = ["macs_used", "macs_full", "ms_used", "ms_full", "error"];
  const cells = (row) =>
    row.error
      ? [row.image, "", "", "", "", "", "", "", "", "", "", row.error]
      : [
          row.image,
          row.prediction[0].label,
          row.prediction[0].probability,
          row.exit.block,
          row.exit.kind,
          row.grain,
          (row.left_out ?? []).join(" "),
          row.macs.used,
          row.macs.full,
          row.ms.used,
          row.ms.full,
          "",
        ];
  return [[...header, ...more], ...rows.map(cells)];
}

/** The reports as `classify --json` writes them, without thumbnails. */
export function jsonRows(rows) {
  return rows.map(({ thumbnail: _, ...report }) => report);
}
