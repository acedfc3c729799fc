// The entry: defines every element once and hands the page its store as `window.ExitExplorer`.

import { Address } from "./address.js";
import { AnswerCard } from "./answer-card.js";
import { AttentionView } from "./attention-view.js";
import { CompareChoice } from "./compare/compare-choice.js";
import { CompareControls } from "./compare/compare-controls.js";
import { CompareCurve } from "./compare/compare-curve.js";
import { CompareDifferences } from "./compare/compare-differences.js";
import { ComparePictures } from "./compare/compare-pictures.js";
import { CompareSide } from "./compare/compare-side.js";
import { CostMeter } from "./cost-meter.js";
import { CostTable } from "./cost-table.js";
import { decide, savings } from "./decide.js";
import { DepthChart } from "./depth-chart.js";
import { ExampleStrip } from "./example-strip.js";
import { ExitLadder } from "./exit-ladder.js";
import { HeatPicture } from "./heat-picture.js";
import { LanguagePicker } from "./language-picker.js";
import { openModel } from "./open-model.js";
import { PageHeader } from "./page-header.js";
import { PageNote } from "./page-note.js";
import { PageTabs } from "./page-tabs.js";
import { RuleControls } from "./rule-controls.js";
import { SaliencyView } from "./saliency-view.js";
import { ScoreCurve } from "./score-curve.js";
import { ShareLink } from "./share-link.js";
import { sharedStore, Store } from "./store.js";
import { chooseLanguage, setStrings } from "./strings.js";
import { WhyTabs } from "./why-tabs.js";

const ELEMENTS = {
  "heat-picture": HeatPicture,
  "answer-card": AnswerCard,
  "attention-view": AttentionView,
  "compare-choice": CompareChoice,
  "compare-controls": CompareControls,
  "compare-curve": CompareCurve,
  "compare-differences": CompareDifferences,
  "compare-pictures": ComparePictures,
  "compare-side": CompareSide,
  "cost-meter": CostMeter,
  "cost-table": CostTable,
  "depth-chart": DepthChart,
  "example-strip": ExampleStrip,
  "exit-ladder": ExitLadder,
  "language-picker": LanguagePicker,
  "page-header": PageHeader,
  "page-note": PageNote,
  "page-tabs": PageTabs,
  "rule-controls": RuleControls,
  "saliency-view": SaliencyView,
  "score-curve": ScoreCurve,
  "share-link": ShareLink,
  "why-tabs": WhyTabs,
};

// A page may run this script twice; the second run must not part the elements from the store they listen to.
// What the host wrote there before, such as `plotlySrc`, stays.
if (!window.ExitExplorer?.store) {
  const host = (window.ExitExplorer ??= {});
  Object.assign(host, { store: sharedStore, Store, decide, savings, openModel });
  setStrings(host.strings);
  const home = {
    model: host.start?.model ?? null,
    language: chooseLanguage(host.language, globalThis.navigator?.languages),
  };
  sharedStore.setLanguage(home.language);
  if (host.start?.models) sharedStore.keep({ models: host.start.models });
  host.address = new Address(sharedStore, home);
  host.wantedModel = host.address.readPage();
  for (const [name, constructor] of Object.entries(ELEMENTS)) {
    if (!customElements.get(name)) customElements.define(name, constructor);
  }
}
