// About's elements: the model's card, its evaluation, and how each number is defined.

import { define } from "../define.js";
import { AboutNotes } from "./about-notes.js";
import { ModelCard } from "./model-card.js";
import { ModelEvaluation } from "./model-evaluation.js";
import { NetworkFigure } from "./network-figure.js";

define({
  "about-notes": AboutNotes,
  "model-card": ModelCard,
  "model-evaluation": ModelEvaluation,
  "network-figure": NetworkFigure,
});
