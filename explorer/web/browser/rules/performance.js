// Performance control: how often images as sure as this one were right at the exit.

export const PERFORMANCE = {
  performance: {
    addon: "performance",
    reader: ({ parts, grain }) => {
      const [edges, accuracy] = [parts[`${grain}.edges`], parts[`${grain}.accuracy`]];
      return (exit, { confidence }) => {
        const looks = { confidence };
        if (!edges) return { score: NaN, looks };
        const count = edges.shape[1];
        const own = edges.data.subarray(exit * count, (exit + 1) * count);
        const sure = Math.fround(confidence); // the edges are in single precision
        const bin = own.findIndex((edge) => edge > sure);
        return { score: accuracy.data[exit * (count + 1) + (bin < 0 ? count : bin)], looks };
      };
    },
  },
};
