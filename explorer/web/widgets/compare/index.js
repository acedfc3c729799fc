// Compare's elements: two pictures, models or rules side by side.

import { define } from "../define.js";
import { CompareChoice } from "./compare-choice.js";
import { CompareControls } from "./compare-controls.js";
import { CompareCurve } from "./compare-curve.js";
import { CompareDifferences } from "./compare-differences.js";
import { ComparePictures } from "./compare-pictures.js";
import { CompareSide } from "./compare-side.js";

define({
  "compare-choice": CompareChoice,
  "compare-controls": CompareControls,
  "compare-curve": CompareCurve,
  "compare-differences": CompareDifferences,
  "compare-pictures": ComparePictures,
  "compare-side": CompareSide,
});
