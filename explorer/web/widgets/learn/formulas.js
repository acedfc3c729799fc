// The tour's formulas, as MathML. Letters are the same in every language; the text around them says what they are.

const i = (name) => `<mi>${name}</mi>`;
const up = (name) => `<mi mathvariant="normal">${name}</mi>`; // names of several letters are upright anyway
const n = (number) => `<mn>${number}</mn>`;
const o = (sign) => `<mo>${sign}</mo>`;
const row = (...parts) => `<mrow>${parts.join("")}</mrow>`;
const sub = (base, below) => `<msub>${base}${row(below)}</msub>`;
const sup = (base, above) => `<msup>${base}${row(above)}</msup>`;
const over = (above, below) => `<mfrac>${row(above)}${row(below)}</mfrac>`;
const of = (name, ...inside) => row(name, `<mo stretchy="false">(</mo>`, ...inside, `<mo stretchy="false">)</mo>`);
const sum = (below, ...summed) => row(`<munder><mo>∑</mo>${row(below)}</munder>`, ...summed);
const mean = (below) => `<munder>${up("mean")}${row(below)}</munder>`;

/** A formula of one or more lines. Every line is separate, so that a narrow screen can scroll only the long one. */
const lines = (...all) => all.map((line) => `<math display="block">${row(line)}</math>`).join("");

export const FORMULAS = {
  block: lines(
    row(sup(i("X"), o("′")), o("="), i("X"), o("+"), of(up("MSA"), of(up("LN"), i("X")))),
    row(sup(i("X"), o("″")), o("="), sup(i("X"), o("′")), o("+"), of(up("MLP"), of(up("LN"), sup(i("X"), o("′"))))),
  ),
  attention: lines(
    row(
      of(up("Attention"), i("Q"), o(","), i("K"), o(","), i("V")),
      o("="),
      up("softmax"),
      row(o("("), over(row(i("Q"), sup(i("K"), up("T"))), `<msqrt>${i("d")}</msqrt>`), o(")")),
      i("V"),
    ),
  ),
  readout: lines(
    row(
      sub(i("z"), i("k")),
      o("="),
      sub(i("W"), i("k")),
      o("("),
      mean(i("j")),
      sub(i("h"), i("j")),
      o("+"),
      sub(i("x"), up("CLS")),
      o(")"),
      o("+"),
      sub(i("c"), i("k")),
    ),
  ),
  decision: lines(
    row(
      sup(i("k"), o("*")),
      o("="),
      up("min"),
      o("{"),
      i("k"),
      o(":"),
      sub(i("s"), i("k")),
      o("≥"),
      sub(i("t"), i("k")),
      o("}"),
    ),
  ),
  confidence: lines(row(i("s"), o("="), `<munder>${up("max")}${i("c")}</munder>`, sub(i("p"), i("c")))),
  certainty: lines(
    row(i("s"), o("="), n("1"), o("−"), over(i("H"), row(up("ln"), i("C"))), o(","), `<mspace width="1em"/>`,
      i("H"), o("="), o("−"), sum(i("c"), sub(i("p"), i("c")), up("ln"), sub(i("p"), i("c")))),
  ), // prettier-ignore
  patience: lines(
    row(
      sub(i("s"), i("k")),
      o("="),
      `<mrow><mo>{</mo><mtable columnalign="left left">
        <mtr><mtd>${sub(i("s"), row(i("k"), o("−"), n("1")))}${o("+")}${n("1")}</mtd>
          <mtd>${sub(i("y"), i("k"))}${o("=")}${sub(i("y"), row(i("k"), o("−"), n("1")))}</mtd></mtr>
        <mtr><mtd>${n("1")}</mtd>
          <mtd>${sub(i("y"), i("k"))}${o("≠")}${sub(i("y"), row(i("k"), o("−"), n("1")))}</mtd></mtr>
      </mtable></mrow>`,
    ),
  ),
  saved: lines(
    row(
      sub(i("S"), up("MAC")),
      o("="),
      over(
        sub(i("M"), up("backbone")),
        row(
          sub(i("M"), up("embed")),
          o("+"),
          sum(row(i("l"), o("≤"), sub(i("b"), i("k"))), sub(i("M"), i("l"))),
          o("+"),
          sum(row(i("j"), o("≤"), i("k")), sub(i("m"), i("j"))),
        ),
      ),
    ),
  ),
  ece: lines(
    row(
      up("ECE"),
      o("="),
      sum(i("m"), over(row(o("|"), sub(i("B"), i("m")), o("|")), i("n"))),
      o("|"),
      of(up("acc"), sub(i("B"), i("m"))),
      o("−"),
      of(up("conf"), sub(i("B"), i("m"))),
      o("|"),
    ),
  ),
  stages: lines(
    row(
      sub(i("L"), n("1")),
      o("="),
      over(
        row(sum(i("k"), sub(i("b"), i("k")), sub(up("CE"), i("k"))), o("+"), i("B"), sub(up("CE"), i("B"))),
        row(sum(i("k"), sub(i("b"), i("k"))), o("+"), i("B")),
      ),
    ),
    row(
      sub(i("L"), n("2")),
      o("="),
      `<mo stretchy="false">(</mo>`,
      n("1"),
      o("−"),
      i("α"),
      `<mo stretchy="false">)</mo>`,
      sum(i("k"), sub(up("CE"), i("k"))),
      o("+"),
      i("α"),
      sub(i("L"), up("pred")),
      o("+"),
      i("β"),
      sub(i("L"), up("hete")),
      o("+"),
      i("β"),
      sub(i("L"), up("homo")),
    ),
  ),
};
