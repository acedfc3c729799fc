// What the page begins with: Explore up to its first ladder, and the store, available as `window.ExitExplorer`.
// Every other tab's elements have an index.js of their own, which parts.js fetches.

import { Address } from "./address.js";
import { AnswerCard } from "./answer-card.js";
import { AnswerSet } from "./answer-set.js";
import { CostMeter } from "./cost-meter.js";
import { decide, savings } from "./decide.js";
import { define } from "./define.js";
import { ExampleStrip } from "./example-strip.js";
import { ExitLadder } from "./exit-ladder.js";
import { GlossaryTerm } from "./glossary-term.js";
import { Host } from "./host.js";
import { kept } from "./kept.js";
import { LanguagePicker } from "./language-picker.js";
import { homeLanguage, openingLanguage } from "./languages.js";
import { LiveHere } from "./live/here.js";
import { ModelFacts } from "./model-facts.js";
import { NetworkWorker } from "./network-worker.js";
import { openModel } from "./open-model.js";
import { OtherWeights } from "./other-weights.js";
import { takeFiles } from "./own-file.js";
import { PageHeader } from "./page-header.js";
import { PageNote } from "./page-note.js";
import { PageTabs } from "./page-tabs.js";
import { followTabs } from "./parts.js";
import { RuleControls } from "./rule-controls.js";
import { RuleLooks } from "./rule-looks.js";
import { ScoreCurve } from "./score-curve.js";
import { analyseSent, canBeSent } from "./sent-picture.js";
import { ShareLink } from "./share-link.js";
import { sharedStore, Store } from "./store.js";
import { languages, setStrings, t } from "./strings.js";
import { ThemeSwitch } from "./theme-switch.js";
import { WhyTabs } from "./why-tabs.js";

const ELEMENTS = {
  "answer-card": AnswerCard,
  "answer-set": AnswerSet,
  "cost-meter": CostMeter,
  "example-strip": ExampleStrip,
  "exit-ladder": ExitLadder,
  "glossary-term": GlossaryTerm,
  "language-picker": LanguagePicker,
  "model-facts": ModelFacts,
  "other-weights": OtherWeights,
  "page-header": PageHeader,
  "page-note": PageNote,
  "page-tabs": PageTabs,
  "rule-controls": RuleControls,
  "rule-looks": RuleLooks,
  "score-curve": ScoreCurve,
  "share-link": ShareLink,
  "theme-switch": ThemeSwitch,
  "why-tabs": WhyTabs,
};

// A page may run this script twice; the second run must not detach the elements from the store they listen to.
// What the host wrote there before, such as `language`, stays.
if (!window.ExitExplorer?.store) {
  const host = (window.ExitExplorer ??= {});
  const forHosts = { Host, LiveHere, NetworkWorker, takeFiles, analyseSent, canBeSent, decide, savings, openModel, kept, t };
  Object.assign(host, { store: sharedStore, Store, ...forHosts });
  setStrings((host.strings ??= {}), host.files && Object.keys(host.files.words), host.english);
  const home = { model: host.start?.model ?? null, language: homeLanguage(languages(), host) };
  sharedStore.setLanguage(host.opened ?? openingLanguage(languages(), host));
  const { models, methods } = host.start ?? {};
  sharedStore.keep({ models, methods });
  host.address = new Address(sharedStore, home);
  host.wantedModel = host.address.readPage();
  define(ELEMENTS);
  followTabs(sharedStore);
}
