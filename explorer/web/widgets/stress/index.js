// Stress's elements: a picture that gets harder.

import { define } from "../define.js";
import { StressChart } from "./stress-chart.js";
import { StressLadder } from "./stress-ladder.js";
import { StressPicture } from "./stress-picture.js";
import { StressSweep } from "./stress-sweep.js";

define({
  "stress-chart": StressChart,
  "stress-ladder": StressLadder,
  "stress-picture": StressPicture,
  "stress-sweep": StressSweep,
});
