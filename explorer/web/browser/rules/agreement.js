// Rules that look at whether exits agree: patience, PABEE's counting of it, PCEE.

const IN_A_ROW = 2; // exits that must be certain, as in explorer/rules/pcee.py

/** Counts equal answers in a row: `first`, then one more each time. */
const counting = (first) => () => {
  let [answer, streak] = [null, 0];
  return (_, { predicted }) => {
    streak = predicted === answer ? streak + 1 : first;
    answer = predicted;
    return { score: streak };
  };
};

export const AGREEMENT = {
  patience: { reader: counting(1) },

  pabee: { reader: counting(0) },

  pcee: {
    reader: () => {
      const last = [];
      return (_, { certainty }) => {
        last.push(certainty);
        const score = last.length < IN_A_ROW ? NaN : Math.min(...last.slice(-IN_A_ROW));
        return { score, looks: { certainty } };
      };
    },
  },
};
