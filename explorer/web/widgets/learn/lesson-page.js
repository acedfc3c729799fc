// <lesson-page>: the tour. A list of pages, and one lesson: its text, a figure with live controls, a task, its check.

import { element, keepChildren, setAttributes, setText } from "../dom.js";
import { hasText, t } from "../strings.js";
import { FORMULAS } from "./formulas.js";
import { measuredValues, standing, taskText } from "./goal-words.js";
import { PAGE_STYLE } from "./lesson-page-style.js";
import { prose } from "./prose.js";
import { addTourStrip } from "./tour-strip.js";
import { TourWidget } from "./tour-widget.js";

const PAGE_MARKUP = `
<div class="tour">
  <nav aria-labelledby="title">
    <h2 id="title"></h2>
    <p class="quiet small" id="progress"></p>
    <ol></ol>
    <button type="button" class="plain over" id="over"></button>
  </nav>
  <article aria-labelledby="heading">
    <p class="where quiet small"></p>
    <h3 id="heading" tabindex="-1"></h3>
    <div class="body">
      <div class="text"></div>
      <div class="side">
        <section class="task" aria-labelledby="try">
          <h4 id="try"></h4>
          <p id="task"></p>
          <div class="actions">
            <button type="button" class="action main" id="stage"></button>
            <button type="button" class="action" id="explore"></button>
          </div>
          <p class="standing"><span class="mark" aria-hidden="true">✓</span><span class="words"></span></p>
          <p class="unseen" role="status" aria-live="polite"></p>
        </section>
        <section class="figure"></section>
      </div>
    </div>
    <footer>
      <button type="button" class="action back"></button>
      <button type="button" class="action next"></button>
      <p class="finished quiet small"></p>
    </footer>
  </article>
</div>`;

export class LessonPage extends TourWidget {
  static style = PAGE_STYLE;
  #drawn = null; // the lesson whose text is shown
  #facts = undefined; // what its measured sentence was made from

  static get markup() {
    return PAGE_MARKUP;
  }

  build() {
    this.#drawn = null;
    addTourStrip();
    const names = { title: "title", over: "start_over", try: "try", stage: "stage", explore: "explore" };
    for (const [id, key] of Object.entries(names)) setText(this.part(`#${id}`), t(`learn.${key}`));
    setAttributes(this.part("nav"), { "aria-label": t("learn.pages") });
    setAttributes(this.part(".figure"), { "aria-label": t("learn.figure_on_this_page") });
    this.part("ol").addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) this.#open(Number(button.dataset.lesson));
    });
    this.part("#over").addEventListener("click", () => {
      this.tour.startOver();
      this.#open(0);
    });
    this.part("#stage").addEventListener("click", () => this.tour.setStage());
    this.part("#explore").addEventListener("click", () => this.tour.leaveFor("explore"));
    this.part(".back").addEventListener("click", () => this.#open(this.tour.index - 1));
    this.part(".next").addEventListener("click", () => this.#open(this.tour.index + 1));
  }

  #open(index) {
    this.store.setLesson(index);
    this.store.flush();
    const heading = this.part("#heading");
    heading.focus({ preventScroll: true });
    this.part("article").scrollIntoView({ block: "nearest" });
    if (heading.getBoundingClientRect().top < 0) heading.scrollIntoView();
  }

  draw() {
    if (this.store.tab !== "learn") {
      // Hidden widgets need not follow the store, and the page's other tabs have their own.
      this.part(".figure").replaceChildren();
      this.#drawn = null;
      return;
    }
    if (this.#drawn !== this.tour.lesson) this.#drawLesson();
    if (this.#facts !== this.tour.facts) this.#drawMeasured();
    this.#drawList();
    this.#drawTask();
  }

  #drawLesson() {
    const { lesson, lessons, index } = this.tour;
    const title = (i) => t(`learn.${lessons[i].id}_title`);
    this.#drawn = lesson;
    setText(this.part(".where"), t("learn.page_of", { n: index + 1, all: lessons.length }));
    setText(this.part("#heading"), title(index));

    const text = [];
    for (let p = 1; hasText(`learn.${lesson.id}_${p}`); p++) {
      text.push(element("p", {}, ...prose(t(`learn.${lesson.id}_${p}`))));
      if (lesson.formulas?.[p]) {
        const formula = element("div", { class: "formula" });
        formula.innerHTML = FORMULAS[lesson.formulas[p]]; // our own constant
        text.push(formula);
      }
    }
    const measured = element("div", { class: "measured" }, element("b", {}, t("learn.measured")), element("p"));
    this.part(".text").replaceChildren(...text, measured);
    this.#drawMeasured();

    this.part(".figure").replaceChildren(...lesson.figure.map((name) => element(name)));
    this.part("#stage").hidden = !lesson.stage;
    this.part("#explore").hidden = !lesson.explore;
    const last = index === lessons.length - 1;
    this.part(".back").hidden = index === 0;
    this.part(".next").hidden = last;
    setText(this.part(".back"), index > 0 ? t("learn.previous", { title: title(index - 1) }) : "");
    setText(this.part(".next"), last ? "" : t("learn.next", { title: title(index + 1) }));
    setText(this.part(".finished"), last ? t("learn.finished") : "");
    setText(this.part("[role=status]"), "");
  }

  #drawMeasured() {
    const { lesson, facts } = this.tour;
    this.#facts = facts;
    const key = `learn.${lesson.id}_measured`;
    const box = this.part(".measured");
    box.hidden = facts === null || !hasText(key);
    const text = facts ? t(key, measuredValues(facts)) : t("learn.waiting");
    if (!box.hidden) box.lastElementChild.replaceChildren(...prose(text));
  }

  #drawList() {
    const { lessons, done, index } = this.tour;
    const make = () =>
      element(
        "li",
        {},
        element("button", { type: "button" }, element("span", { class: "number" }), element("span", { class: "name" })),
      );
    keepChildren(this.part("ol"), lessons, make).forEach(({ firstChild: button }, i) => {
      const title = t(`learn.${lessons[i].id}_title`);
      const finished = done.has(lessons[i].id);
      setAttributes(button, {
        "data-lesson": i,
        "data-done": finished ? "" : null,
        "aria-current": i === index ? "page" : null,
        "aria-label": `${i + 1}. ${title}${finished ? `, ${t("learn.done_mark")}` : ""}`,
      });
      setText(button.firstChild, finished ? "✓" : String(i + 1));
      setText(button.lastChild, title);
    });
    setText(this.part("#progress"), t("learn.progress", { n: done.size, all: lessons.length }));
    this.part("#over").disabled = done.size === 0;
  }

  #drawTask() {
    setText(this.part("#task"), taskText(this.tour));
    const { done, text } = standing(this.tour);
    setAttributes(this.part(".standing"), { "data-done": done ? "" : null });
    setText(this.part(".standing .words"), text);
    this.say(this.tour.goal?.done ? text : "");
  }
}
