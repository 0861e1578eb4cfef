// The live page: follows the server's events, draws what changed, and says when what it shows is old.

import { ageText, countText, fillAction, named, page, phrase, setServerTime, setText, words } from "./fill.js";
import { LinkSign } from "./shell.js";
import { FleetTable } from "./table.js";

const SHOWN_LINES = page.shownLines;
const QUIET_MS = 40_000;
const RETRY_MS = 3_000;
const TICK_MS = 5_000;

const element = (id) => document.getElementById(id);
const table = element("fleet") ? new FleetTable(element("fleet")) : null;

/** One connection to the server's events, opened again whenever it is lost. */
class Stream {
  constructor(sign) {
    this.sign = sign;
    this.edition = page.edition;
    this.open();
    setInterval(() => this.#watch(), TICK_MS);
    addEventListener("online", () => this.open());
    addEventListener("pagehide", () => this.source.close());
    addEventListener("pageshow", (event) => { if (event.persisted) this.open(); });
  }

  open() {
    clearTimeout(this.retry);
    this.source?.close();
    this.changedSince = null;
    const source = new EventSource("/live");
    this.source = source;
    source.addEventListener("hello", (event) => this.#hello(JSON.parse(event.data)));
    source.addEventListener("change", (event) => this.#change(JSON.parse(event.data)));
    source.addEventListener("beat", (event) => {
      this.sign.heard();
      setServerTime(JSON.parse(event.data).nowMs);
    });
    source.addEventListener("bye", () => location.reload());
    source.addEventListener("error", () => this.#lost(source));
  }

  #hello({ nowMs, version }) {
    if (!document.querySelector("link[rel=stylesheet]").href.includes(version)) {
      location.reload();
      return;
    }
    setServerTime(nowMs);
    this.changedSince = new Set();
    this.#fetchSnapshot(this.changedSince);
  }

  /** What changed between the page's edition and the beginning of the stream. */
  async #fetchSnapshot(changedSince) {
    try {
      const response = await fetch(`/live/snapshot?since=${this.edition}`, { cache: "no-cache" });
      if (response.status === 401) {
        location.reload();
        return;
      }
      if (!response.ok) throw new Error(response.statusText);
      const snapshot = await response.json();
      if (this.changedSince !== changedSince) return;
      draw(snapshot, { whole: snapshot.whole, except: changedSince });
      if (!snapshot.whole && table && table.size !== snapshot.total) {
        this.edition = 0;
        await this.#fetchSnapshot(changedSince);
        return;
      }
      this.edition = snapshot.edition;
      this.changedSince = null;
      this.sign.heard();
    } catch {
      if (this.changedSince === changedSince) this.#lost(this.source);
    }
  }

  #change(change) {
    this.sign.heard();
    for (const values of change.rows) this.changedSince?.add(values[0]);
    draw(change);
  }

  #lost(source) {
    if (source !== this.source) return;
    this.sign.show("lost");
    this.changedSince = null;
    source.close();
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.#again(), RETRY_MS * (0.5 + Math.random()));
  }

  /** EventSource does not say why it failed: ask once, and let a reader who was signed out sign in. */
  async #again() {
    try {
      const response = await fetch(`/live/snapshot?since=${this.edition}`, { cache: "no-cache" });
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

function draw({ rows, kpis, actions }, options) {
  const values = rows.map((row) => named(page.rowFields, row));
  if (!table) {
    if (values.length) location.reload(); // the first device: the page has no table yet
  } else {
    const lines = actions?.lines.map((line) => named(page.lineFields, line));
    table.update(values, lines && groupByDevice(lines), options);
  }
  if (actions) drawActions(actions.lines.map((line) => named(page.lineFields, line)), actions.counts);
  if (kpis) drawKpis(kpis);
}

function groupByDevice(lines) {
  const linesOf = new Map();
  for (const line of lines) {
    if (!linesOf.has(line.device_id)) linesOf.set(line.device_id, []);
    linesOf.get(line.device_id).push(line);
  }
  return linesOf;
}

function drawActions(lines, counts) {
  const template = element("action-template").content.querySelector("li");
  const drawn = lines.map((line) => fillAction(document.importNode(template, true), line));
  element("actions-shown").replaceChildren(...drawn.slice(0, SHOWN_LINES));
  element("actions-folded").replaceChildren(...drawn.slice(SHOWN_LINES));
  element("actions-shown").hidden = drawn.length === 0;
  element("actions-none").hidden = drawn.length > 0;
  element("actions-more").hidden = drawn.length <= SHOWN_LINES;
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

new Stream(new LinkSign());
