// The tour: one entry per lesson, in reading order. A new lesson is one entry and its words in learn.json.
//
// - `id` names its words: learn.ID_title, _1, _2, … (paragraphs), _task, _yet, _done.
// - `figure` lists the elements beside the text, controls first.
// - `explore` says that the task can be done in Explore as well.
// - `formulas` puts a formula of formulas.js after a paragraph: {1: "block"}.
// - `stage(store, facts)` shows an example and sets the controls so that the task makes sense; optional.
// - `goal({store, memory, facts})` says what to do and whether it was done: {done, kind?, …values for the words}, or
//   null while there is nothing to check. `memory` is an object of its own that lasts as long as the lesson is open;
//   `facts` is the model's evaluation, null if it has none, undefined while it is loading.
//   A `kind` picks other words: learn.ID_task_KIND, _yet_KIND, _done_KIND.

import { DECIDING } from "./lessons-deciding.js";
import { JUDGING } from "./lessons-judging.js";

export const LESSONS = [...DECIDING, ...JUDGING];
