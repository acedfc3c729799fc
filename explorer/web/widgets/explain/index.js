// What explains Explore's ladder, below it: attention, saliency, probabilities over depth, cost.

import { AttentionView } from "../attention-view.js";
import { CostTable } from "../cost-table.js";
import { define } from "../define.js";
import { DepthChart } from "../depth-chart.js";
import { HeatPicture } from "../heat-picture.js";
import { SaliencyView } from "../saliency-view.js";

define({
  "heat-picture": HeatPicture,
  "attention-view": AttentionView,
  "cost-table": CostTable,
  "depth-chart": DepthChart,
  "saliency-view": SaliencyView,
});
