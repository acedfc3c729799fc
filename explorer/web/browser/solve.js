// Least squares by the normal equations, which are small here.

/** X (terms x columns) with rows @ X closest to the targets, by Gaussian elimination with pivots. */
export function solve(rows, targets) {
  const [terms, columns] = [rows[0].length, targets[0].length];
  const system = Array.from({ length: terms }, () => new Float64Array(terms + columns));
  rows.forEach((row, k) => {
    for (let i = 0; i < terms; i++) {
      for (let j = 0; j < terms; j++) system[i][j] += row[i] * row[j];
      for (let c = 0; c < columns; c++) system[i][terms + c] += row[i] * targets[k][c];
    }
  });
  for (let i = 0; i < terms; i++) {
    let pivot = i;
    for (let k = i + 1; k < terms; k++) if (Math.abs(system[k][i]) > Math.abs(system[pivot][i])) pivot = k;
    [system[i], system[pivot]] = [system[pivot], system[i]];
    if (Math.abs(system[i][i]) < 1e-12) continue; // a term that the points cannot separate from the others: it stays 0
    for (let k = 0; k < terms; k++) {
      if (k === i) continue;
      const factor = system[k][i] / system[i][i];
      for (let j = i; j < terms + columns; j++) system[k][j] -= factor * system[i][j];
    }
  }
  return system.map((row, i) =>
    Array.from({ length: columns }, (_, c) => (Math.abs(row[i]) < 1e-12 ? 0 : row[terms + c] / row[i])),
  );
}
