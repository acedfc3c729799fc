// The entry: defines every element once and hands the page its store as `window.ExitExplorer`.

import { AboutNotes } from "./about/about-notes.js";
import { ModelCard } from "./about/model-card.js";
import { ModelEvaluation } from "./about/model-evaluation.js";
import { NetworkFigure } from "./about/network-figure.js";
import { Address } from "./address.js";
import { AnswerCard } from "./answer-card.js";
import { AnswerSet } from "./answer-set.js";
import { acceptAnyFile } from "./any-file.js";
import { AttentionView } from "./attention-view.js";
import { BatchControls } from "./batch/batch-controls.js";
import { BatchSummary } from "./batch/batch-summary.js";
import { BatchTable } from "./batch/batch-table.js";
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
import { GlossaryTerm } from "./glossary-term.js";
import { HeatPicture } from "./heat-picture.js";
import { Host } from "./host.js";
import { kept } from "./kept.js";
import { LanguagePicker } from "./language-picker.js";
import { BlockFigure } from "./learn/block-figure.js";
import { GlossaryList } from "./learn/glossary-list.js";
import { HeadsFigure } from "./learn/heads-figure.js";
import { LessonPage } from "./learn/lesson-page.js";
import { ReliabilityFigure } from "./learn/reliability-figure.js";
import { TourStrip } from "./learn/tour-strip.js";
import { TradeoffFigure } from "./learn/tradeoff-figure.js";
import { LiveHere } from "./live/here.js";
import { LiveLadder } from "./live/live-ladder.js";
import { LiveRates } from "./live/live-rates.js";
import { LiveStrip } from "./live/live-strip.js";
import { LiveView } from "./live/live-view.js";
import { ModelFacts } from "./model-facts.js";
import { NetworkWorker } from "./network-worker.js";
import { openModel } from "./open-model.js";
import { OtherWeights } from "./other-weights.js";
import { PageHeader } from "./page-header.js";
import { PageNote } from "./page-note.js";
import { PageTabs } from "./page-tabs.js";
import { RuleControls } from "./rule-controls.js";
import { RuleLooks } from "./rule-looks.js";
import { SaliencyView } from "./saliency-view.js";
import { ScoreCurve } from "./score-curve.js";
import { ShareLink } from "./share-link.js";
import { sharedStore, Store } from "./store.js";
import { StressChart } from "./stress/stress-chart.js";
import { StressLadder } from "./stress/stress-ladder.js";
import { StressPicture } from "./stress/stress-picture.js";
import { StressSweep } from "./stress/stress-sweep.js";
import { chooseLanguage, setStrings, t } from "./strings.js";
import { ThemeSwitch } from "./theme-switch.js";
import { TuneClasses } from "./tune/tune-classes.js";
import { TuneFinder } from "./tune/tune-finder.js";
import { TuneGallery } from "./tune/tune-gallery.js";
import { TuneLeaving } from "./tune/tune-leaving.js";
import { TuneOverthinking } from "./tune/tune-overthinking.js";
import { TuneReliability } from "./tune/tune-reliability.js";
import { TuneRules } from "./tune/tune-rules.js";
import { TuneSets } from "./tune/tune-sets.js";
import { TuneSummary } from "./tune/tune-summary.js";
import { TuneTradeoff } from "./tune/tune-tradeoff.js";
import { WhyTabs } from "./why-tabs.js";

const ELEMENTS = {
  "heat-picture": HeatPicture,
  "about-notes": AboutNotes,
  "answer-card": AnswerCard,
  "answer-set": AnswerSet,
  "attention-view": AttentionView,
  "batch-controls": BatchControls,
  "batch-summary": BatchSummary,
  "batch-table": BatchTable,
  "block-figure": BlockFigure,
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
  "glossary-list": GlossaryList,
  "glossary-term": GlossaryTerm,
  "heads-figure": HeadsFigure,
  "language-picker": LanguagePicker,
  "lesson-page": LessonPage,
  "live-ladder": LiveLadder,
  "live-rates": LiveRates,
  "live-strip": LiveStrip,
  "live-view": LiveView,
  "model-card": ModelCard,
  "model-evaluation": ModelEvaluation,
  "model-facts": ModelFacts,
  "network-figure": NetworkFigure,
  "other-weights": OtherWeights,
  "page-header": PageHeader,
  "page-note": PageNote,
  "page-tabs": PageTabs,
  "reliability-figure": ReliabilityFigure,
  "rule-controls": RuleControls,
  "rule-looks": RuleLooks,
  "saliency-view": SaliencyView,
  "score-curve": ScoreCurve,
  "share-link": ShareLink,
  "stress-chart": StressChart,
  "stress-ladder": StressLadder,
  "stress-picture": StressPicture,
  "stress-sweep": StressSweep,
  "theme-switch": ThemeSwitch,
  "tour-strip": TourStrip,
  "tradeoff-figure": TradeoffFigure,
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
  "why-tabs": WhyTabs,
};

// A page may run this script twice; the second run must not part the elements from the store they listen to.
// What the host wrote there before, such as `language`, stays.
if (!window.ExitExplorer?.store) {
  const host = (window.ExitExplorer ??= {});
  Object.assign(host, { store: sharedStore, Store, Host, LiveHere, NetworkWorker, acceptAnyFile, decide, savings, openModel, kept, t });
  setStrings(host.strings);
  const home = {
    model: host.start?.model ?? null,
    language: chooseLanguage(host.language ?? kept("language"), globalThis.navigator?.languages),
  };
  sharedStore.setLanguage(home.language);
  const { models, methods } = host.start ?? {};
  sharedStore.keep({ models, methods });
  host.address = new Address(sharedStore, home);
  host.wantedModel = host.address.readPage();
  for (const [name, constructor] of Object.entries(ELEMENTS)) {
    if (!customElements.get(name)) customElements.define(name, constructor);
  }
}
