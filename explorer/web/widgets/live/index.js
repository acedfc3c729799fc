// Live's elements: the camera, or a film, frame by frame.

import { define } from "../define.js";
import { LiveLadder } from "./live-ladder.js";
import { LiveRates } from "./live-rates.js";
import { LiveStrip } from "./live-strip.js";
import { LiveView } from "./live-view.js";

define({
  "live-ladder": LiveLadder,
  "live-rates": LiveRates,
  "live-strip": LiveStrip,
  "live-view": LiveView,
});
