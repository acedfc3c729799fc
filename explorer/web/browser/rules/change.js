// Rules that look at what changes with depth: DeeR at the probabilities, MuE at the tokens. In a film DeeR's first exit
// compares with the previous frame's answer (`before`, probabilities; ours), and so may leave there.

export const CHANGE = {
  deer: {
    reader: ({ before = null }) => {
      let last = before;
      return (_, { probabilities }) => {
        const known = last;
        last = probabilities;
        if (known === null) return { score: NaN, looks: { change: NaN } };
        const change = Math.hypot(...probabilities.map((p, c) => p - known[c]));
        return { score: Math.min(1, Math.max(0, 1 - change / Math.SQRT2)), looks: { change } };
      };
    },
  },

  mue: {
    needs: ["tokens", "previous"],
    byClass: true,
    reader: () => (_, { tokens, previous }) => {
      const cosine = tokens.length === previous.length ? cosineOf(tokens, previous) : NaN;
      return { score: cosine, looks: { cosine } };
    },
  },
};

function cosineOf(a, b) {
  let [product, first, second] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += a[i] * b[i];
    first += a[i] * a[i];
    second += b[i] * b[i];
  }
  const lengths = Math.sqrt(first) * Math.sqrt(second);
  return Math.min(1, Math.max(-1, product / Math.max(lengths, 1e-30)));
}
