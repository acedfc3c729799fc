// <page-header>: the page's name and what it is for.

import { setText } from "./dom.js";
import { t } from "./strings.js";
import { Widget } from "./widget.js";

const STYLE = `
h1 { margin: 0; font-size: clamp(0.8125rem, 10cqi - 1rem, 1.5rem); font-weight: 700; letter-spacing: -0.02em; line-height: 1.3; }
@container (max-width: 1000px) { h1 { line-height: 2.625rem; } } /* the tools are beside it */
p { margin: 0.125rem 0 0; font-size: 0.9375rem; color: var(--quiet); }
`;

export class PageHeader extends Widget {
  static style = STYLE;

  static get markup() {
    return "<header><h1></h1><p></p></header>";
  }

  build() {
    setText(this.part("h1"), t("page.title"));
    setText(this.part("p"), t("page.says"));
  }
}
