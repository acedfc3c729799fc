// Tune's elements: a whole data set, and thresholds for a goal.

import { define } from "../define.js";
import { TuneClasses } from "./tune-classes.js";
import { TuneFinder } from "./tune-finder.js";
import { TuneGallery } from "./tune-gallery.js";
import { TuneLeaving } from "./tune-leaving.js";
import { TuneOverthinking } from "./tune-overthinking.js";
import { TuneReliability } from "./tune-reliability.js";
import { TuneRules } from "./tune-rules.js";
import { TuneSets } from "./tune-sets.js";
import { TuneSummary } from "./tune-summary.js";
import { TuneTradeoff } from "./tune-tradeoff.js";

define({
  "tune-classes": TuneClasses,
  "tune-finder": TuneFinder,
  "tune-gallery": TuneGallery,
  "tune-leaving": TuneLeaving,
  "tune-overthinking": TuneOverthinking,
  "tune-reliability": TuneReliability,
  "tune-rules": TuneRules,
  "tune-sets": TuneSets,
  "tune-summary": TuneSummary,
  "tune-tradeoff": TuneTradeoff,
});
