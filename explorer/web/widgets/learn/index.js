// Learn's elements: the lessons, their figures, and the glossary.

import { define } from "../define.js";
import { BlockFigure } from "./block-figure.js";
import { GlossaryList } from "./glossary-list.js";
import { HeadsFigure } from "./heads-figure.js";
import { LessonPage } from "./lesson-page.js";
import { ReliabilityFigure } from "./reliability-figure.js";
import { TourStrip } from "./tour-strip.js";
import { TradeoffFigure } from "./tradeoff-figure.js";

define({
  "block-figure": BlockFigure,
  "glossary-list": GlossaryList,
  "heads-figure": HeadsFigure,
  "lesson-page": LessonPage,
  "reliability-figure": ReliabilityFigure,
  "tour-strip": TourStrip,
  "tradeoff-figure": TradeoffFigure,
});
