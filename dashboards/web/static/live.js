// The live page: follows the server's events, draws what changed, and says when what it shows is old.

import { ageText, countText, fillAction, named, page, phrase, setServerTime, setText, words } from "./fill.js";
import { LinkSign } from "./shell.js";
import { FleetTable, rowsOf } from "./table.js";

const SHOWN_LINES = page.shownLines;
const QUIET_MS = 40_000;
const RETRY_MS = 3_000;
const TICK_MS = 5_000;

const element = (id) => document.getElementById(id);
const isWall = document.documentElement.hasAttribute("data-wall");

/** One connection to the server's events, opened again whenever it is lost or something else is asked for. */
class Stream {
  constructor(sign) {
    this.sign = sign;
    this.edition = page.edition;
    this.table = element("fleet") ? new FleetTable(element("fleet"), () => this.open(0)) : null;
    this.open();
    setInterval(() => this.#watch(), TICK_MS);
    addEventListener("online", () => this.open());
    addEventListener("pagehide", () => this.source.close());
    addEventListener("pageshow", (event) => { if (event.persisted) this.open(0); });
  }

  /** `since`: the edition of the rows that are here; 0 asks for all of them. */
  open(since = this.edition) {
    clearTimeout(this.retry);
    this.source?.close();
    const query = this.table?.query() ?? "";
    const source = new EventSource(`/live?since=${since}${query && `&${query}`}`);
    this.source = source;
    const on = (name, act) => source.addEventListener(name, (event) => {
      if (source === this.source) act(JSON.parse(event.data));
    });
    on("hello", (hello) => this.#hello(hello));
    on("table", (table) => this.#arrange(table, since));
    on("change", (change) => {
      this.sign.heard();
      this.#draw(change);
    });
    on("order", ({ ids, rows, pager }) => {
      this.sign.heard();
      if (this.table) this.table.offer({ ids, devices: rowsOf(rows), pager });
      else if (ids.length && !isWall) location.reload(); // the first device: the page has no table yet
    });
    on("beat", ({ nowMs }) => {
      this.sign.heard();
      setServerTime(nowMs);
    });
    on("bye", () => location.reload());
    source.addEventListener("error", () => this.#lost(source));
  }

  #hello({ nowMs, version }) {
    if (!document.querySelector("link[rel=stylesheet]").href.includes(version)) location.reload();
    else setServerTime(nowMs);
  }

  #arrange({ ids, rows, pager, edition, ...figures }, since) {
    this.#draw(figures);
    if (this.table) {
      const shown = this.table.show({ ids, devices: rowsOf(rows), pager });
      if (!shown && since > 0) {
        this.open(0);
        return;
      }
    } else if (ids.length && !isWall) {
      location.reload();
      return;
    }
    this.edition = edition;
    this.sign.heard();
  }

  #draw({ rows, kpis, actions, outlook, chips }) {
    if (rows) this.table?.update(rowsOf(rows));
    if (chips) this.table?.count(chips);
    if (actions) drawActions(actions.lines.map((line) => named(page.lineFields, line)), actions);
    if (kpis) drawKpis(kpis);
    if (outlook) drawOutlook(outlook);
  }

  #lost(source) {
    if (source !== this.source) return;
    this.sign.show("lost");
    source.close();
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.#again(), RETRY_MS * (0.5 + Math.random()));
  }

  /** EventSource does not say why it failed: ask once, and let a reader who was signed out sign in. */
  async #again() {
    try {
      const response = await fetch("/api/v1/me", { cache: "no-store" });
      if (response.status === 401) location.reload();
    } catch {
      // still not reachable: opening the stream fails as well and tries again
    }
    this.open();
  }

  #watch() {
    for (const time of document.querySelectorAll("time[data-ms]")) setText(time, ageText(Number(time.dataset.ms)));
    if (this.sign.sign.dataset.link === "live" && Date.now() - this.sign.heardMs > QUIET_MS) this.#lost(this.source);
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

new Stream(new LinkSign());
