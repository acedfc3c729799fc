// The entry: defines every element once and hands the page its store as `window.ExitExplorer`.

import { AboutNotes } from "./about/about-notes.js";
import { ModelCard } from "./about/model-card.js";
import { ModelEvaluation } from "./about/model-evaluation.js";
import { NetworkFigure } from "./about/network-figure.js";
import { AnswerCard } from "./answer-card.js";
import { AttentionView } from "./attention-view.js";
import { BatchControls } from "./batch/batch-controls.js";
import { BatchSummary } from "./batch/batch-summary.js";
import { BatchTable } from "./batch/batch-table.js";
import { CostMeter } from "./cost-meter.js";
import { CostTable } from "./cost-table.js";
import { decide, savings } from "./decide.js";
import { DepthChart } from "./depth-chart.js";
import { ExampleStrip } from "./example-strip.js";
import { ExitLadder } from "./exit-ladder.js";
import { GlossaryTerm } from "./glossary-term.js";
import { HeatPicture } from "./heat-picture.js";
import { kept } from "./kept.js";
import { LanguagePicker } from "./language-picker.js";
import { BlockFigure } from "./learn/block-figure.js";
import { GlossaryList } from "./learn/glossary-list.js";
import { HeadsFigure } from "./learn/heads-figure.js";
import { LessonPage } from "./learn/lesson-page.js";
import { ReliabilityFigure } from "./learn/reliability-figure.js";
import { TourStrip } from "./learn/tour-strip.js";
import { TradeoffFigure } from "./learn/tradeoff-figure.js";
import { PageHeader } from "./page-header.js";
import { PageTabs } from "./page-tabs.js";
import { RuleControls } from "./rule-controls.js";
import { SaliencyView } from "./saliency-view.js";
import { ScoreCurve } from "./score-curve.js";
import { sharedStore, Store } from "./store.js";
import { chooseLanguage, setStrings, t } from "./strings.js";
import { ThemeSwitch } from "./theme-switch.js";
import { TuneClasses } from "./tune/tune-classes.js";
import { TuneFinder } from "./tune/tune-finder.js";
import { TuneGallery } from "./tune/tune-gallery.js";
import { TuneLeaving } from "./tune/tune-leaving.js";
import { TuneOverthinking } from "./tune/tune-overthinking.js";
import { TuneReliability } from "./tune/tune-reliability.js";
import { TuneSummary } from "./tune/tune-summary.js";
import { TuneTradeoff } from "./tune/tune-tradeoff.js";
import { StressChart } from "./stress/stress-chart.js";
import { StressLadder } from "./stress/stress-ladder.js";
import { StressPicture } from "./stress/stress-picture.js";
import { StressSweep } from "./stress/stress-sweep.js";
import { WhyTabs } from "./why-tabs.js";

const ELEMENTS = {
  "heat-picture": HeatPicture,
  "about-notes": AboutNotes,
  "answer-card": AnswerCard,
  "attention-view": AttentionView,
  "batch-controls": BatchControls,
  "batch-summary": BatchSummary,
  "batch-table": BatchTable,
  "block-figure": BlockFigure,
  "cost-meter": CostMeter,
  "cost-table": CostTable,
  "depth-chart": DepthChart,
  "example-strip": ExampleStrip,
  "exit-ladder": ExitLadder,
  "glossary-list": GlossaryList,
  "glossary-term": GlossaryTerm,
  "heads-figure": HeadsFigure,
  "language-picker": LanguagePicker,
  "lesson-page": LessonPage,
  "model-card": ModelCard,
  "model-evaluation": ModelEvaluation,
  "network-figure": NetworkFigure,
  "page-header": PageHeader,
  "page-tabs": PageTabs,
  "reliability-figure": ReliabilityFigure,
  "rule-controls": RuleControls,
  "saliency-view": SaliencyView,
  "score-curve": ScoreCurve,
  "theme-switch": ThemeSwitch,
  "tune-classes": TuneClasses,
  "tune-finder": TuneFinder,
  "tune-gallery": TuneGallery,
  "tune-leaving": TuneLeaving,
  "tune-overthinking": TuneOverthinking,
  "tune-reliability": TuneReliability,
  "tune-summary": TuneSummary,
  "tune-tradeoff": TuneTradeoff,
  "stress-chart": StressChart,
  "stress-ladder": StressLadder,
  "stress-picture": StressPicture,
  "stress-sweep": StressSweep,
  "tour-strip": TourStrip,
  "tradeoff-figure": TradeoffFigure,
  "why-tabs": WhyTabs,
};

// A page may run this script twice; the second run must not part the elements from the store they listen to.
// What the host wrote there before, such as `language`, stays.
if (!window.ExitExplorer?.store) {
  window.ExitExplorer = Object.assign(window.ExitExplorer ?? {}, { store: sharedStore, Store, decide, savings, t });
  setStrings(window.ExitExplorer.strings);
  const asked = window.ExitExplorer.language ?? kept("language");
  sharedStore.setLanguage(chooseLanguage(asked, globalThis.navigator?.languages));
  for (const [name, constructor] of Object.entries(ELEMENTS)) {
    if (!customElements.get(name)) customElements.define(name, constructor);
  }
}
