// The live page: follows the server's events, draws what changed, and says when what it shows is old.

import { countText, fillAction, named, page, phrase, setText, words } from "./fill.js";
import { LinkSign } from "./shell.js";
import { Stream } from "./stream.js";
import { FleetTable, rowsOf } from "./table.js";

const SHOWN_LINES = page.shownLines;

const element = (id) => document.getElementById(id);
const isWall = document.documentElement.hasAttribute("data-wall");

/** The events of the fleet as this page shows it: its filters, its order, its rows. */
class FleetStream extends Stream {
  constructor(sign) {
    super(sign);
    this.edition = page.edition;
    this.table = element("fleet") ? new FleetTable(element("fleet"), () => this.openAfresh()) : null;
  }

  openAfresh() {
    this.open(0);
  }

  /** `since`: the edition of the rows that are here; 0 asks for all of them. */
  open(since = this.edition) {
    const query = this.table?.query() ?? "";
    this.listen(`/live?since=${since}${query && `&${query}`}`, {
      hello: (hello) => this.agrees(hello),
      table: (table) => this.#arrange(table, since),
      change: (change) => {
        this.heard();
        this.#draw(change);
      },
      order: ({ ids, rows, pager }) => {
        this.heard();
        if (this.table) this.table.offer({ ids, devices: rowsOf(rows), pager });
        else if (ids.length && !isWall) location.reload(); // the first device: the page has no table yet
      },
    });
  }

  #arrange({ ids, rows, pager, edition, ...figures }, since) {
    this.#draw(figures);
    if (this.table) {
      const shown = this.table.show({ ids, devices: rowsOf(rows), pager });
      if (!shown && since > 0) {
        this.openAfresh();
        return;
      }
    } else if (ids.length && !isWall) {
      location.reload();
      return;
    }
    this.edition = edition;
    this.heard();
  }

  #draw({ rows, kpis, actions, outlook, chips }) {
    if (rows) this.table?.update(rowsOf(rows));
    if (chips) this.table?.count(chips);
    if (actions) drawActions(actions.lines.map((line) => named(page.lineFields, line)), actions);
    if (kpis) drawKpis(kpis);
    if (outlook) drawOutlook(outlook);
  }
}

function drawActions(lines, { counts, all }) {
  const template = element("action-template").content.querySelector("li");
  const drawn = lines.map((line) => fillAction(document.importNode(template, true), line));
  element("actions-shown").replaceChildren(...drawn.slice(0, SHOWN_LINES));
  element("actions-folded").replaceChildren(...drawn.slice(SHOWN_LINES));
  element("actions-shown").hidden = drawn.length === 0;
  element("actions-none").hidden = drawn.length > 0;
  element("actions-more").hidden = drawn.length <= SHOWN_LINES;
  element("actions-all").hidden = !all;
  setText(element("actions-all").querySelector("a"), all);
  setText(element("actions-more").querySelector("summary"), phrase(words.more, { n: countText(drawn.length - SHOWN_LINES) }));
  element("action-counts").replaceChildren(...counts.map(([severity, text]) => {
    const item = document.createElement("li");
    item.className = severity;
    item.textContent = text;
    return item;
  }));
}

function drawKpis(kpis) {
  for (const figure of document.querySelectorAll("[data-kpi]")) setText(figure, kpis[figure.dataset.kpi]);
  document.querySelector("[data-kpi=online_note]").classList.toggle("wanting", !kpis.all_online);
  element("broker-lost").hidden = kpis.broker_connected;
  const bars = document.querySelectorAll(".segments rect");
  const numbers = document.querySelectorAll(".legend b");
  kpis.segments.forEach((segment, index) => {
    bars[index].setAttribute("x", segment.start_units);
    bars[index].setAttribute("width", segment.length_units);
    setText(numbers[index], segment.count_text);
  });
}

function drawOutlook(outlook) {
  for (const text of document.querySelectorAll("[data-outlook]")) setText(text, outlook[text.dataset.outlook]);
  const template = element("horizon-template").content.querySelector("li");
  element("horizons").replaceChildren(...outlook.horizons.map(({ filter, title, nozzles, cost, some }) => {
    const item = document.importNode(template, true);
    item.classList.toggle("some", some);
    item.querySelector("a").href = `/?show=${filter}&sort=due.asc#fleet-title`;
    setText(item.querySelector(".by"), title);
    setText(item.querySelector(".figure"), nozzles);
    setText(item.querySelector(".cost"), cost);
    return item;
  }));
  document.dispatchEvent(new CustomEvent("silverpoint:part", { detail: "outlook" }));
}

new FleetStream(new LinkSign()).start();
