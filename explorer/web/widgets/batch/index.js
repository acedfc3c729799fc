// Batch's elements: many pictures at once.

import { define } from "../define.js";
import { BatchControls } from "./batch-controls.js";
import { BatchSummary } from "./batch-summary.js";
import { BatchTable } from "./batch-table.js";

define({
  "batch-controls": BatchControls,
  "batch-summary": BatchSummary,
  "batch-table": BatchTable,
});
