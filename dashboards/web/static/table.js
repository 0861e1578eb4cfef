// The table of every device: sorted and filtered here, with what is chosen kept in the address.

import { countText, fillBadges, fillRow, phrase, words } from "./fill.js";

const FLASH_MS = 250;
const DEFAULT_SORT = "clinic.asc";
const RISING_FIRST = ["clinic", "device", "power", "nozzle"];

const collator = new Intl.Collator(words.language, { numeric: true });
const text = (row, selector) => row.querySelector(selector).textContent.toLowerCase();
const number = (value) => (value === "" || value === undefined ? null : Number(value));
const WEIGHTS = { critical: 10_000, warning: 100, info: 1 };

/** What a row is sorted, filtered and found by. Nulls sort last either way. */
function factsOf(row) {
  const parts = [".clinic", ".device", ".power", ".nozzle", ".band", ".alerts"].map((selector) => text(row, selector));
  const badges = [...row.querySelectorAll(".badge")];
  const alerts = badges.reduce((sum, { classList }) => {
    return sum + WEIGHTS[Object.keys(WEIGHTS).find((severity) => classList.contains(severity))];
  }, 0);
  const { band, power, charge, sessions, wear } = row.dataset;
  return {
    clinic: parts[0],
    device: text(row, ".name"),
    seen: number(row.querySelector("time").dataset.ms),
    power: number(charge),
    sessions: number(sessions),
    nozzle: text(row, ".serial"),
    wear: number(wear),
    alerts,
    haystack: parts.join("\n"),
    passes: {
      action: alerts > 0 || band === "due" || band === "worn_out",
      battery: power === "battery" && !("offline" in row.dataset),
      session: "session" in row.dataset,
      offline: "offline" in row.dataset,
    },
  };
}

function compare(a, b) {
  return typeof a === "string" ? collator.compare(a, b) : a - b;
}

export class FleetTable {
  constructor(table) {
    this.table = table;
    this.body = document.getElementById("rows");
    this.tools = document.getElementById("tools");
    this.search = document.getElementById("search");
    this.sortChoice = document.getElementById("sort");
    this.chips = [...this.tools.querySelectorAll("[data-filter]")];
    this.headers = [...table.querySelectorAll("[data-sort]")];
    this.template = document.getElementById("row-template").content.querySelector("tr");
    this.rows = new Map();
    this.facts = new Map();
    for (const row of this.body.rows) this.rows.set(row.dataset.id, row);
    this.#readAddress();
    this.#listen();
    this.tools.hidden = false;
    this.arrange();
  }

  get size() {
    return this.rows.size;
  }

  /** Draws changed devices, and the alerts where `linesOf` is given. `whole`: there are no devices but these. */
  update(devices, linesOf, { whole = false, except = new Set() } = {}) {
    for (const values of devices) if (!except.has(values.id)) this.#draw(values);
    if (whole) this.#dropOthers(new Set([...devices.map(({ id }) => id), ...except]));
    if (linesOf) this.#drawBadges(linesOf);
    if (!this.body.matches(":hover, :focus-within")) this.#sort();
    this.#filter();
  }

  /** Puts the rows in the chosen order and hides those that do not match. */
  arrange() {
    this.#sort();
    this.#filter();
  }

  #draw(values) {
    let row = this.rows.get(values.id);
    const isNew = !row;
    if (isNew) {
      row = document.importNode(this.template, true);
      this.rows.set(values.id, row);
      this.body.append(row);
    }
    const changed = fillRow(row, values);
    this.facts.delete(row);
    flash(isNew ? row.cells : changed);
  }

  #dropOthers(seen) {
    for (const [id, row] of this.rows) {
      if (seen.has(id)) continue;
      row.remove();
      this.rows.delete(id);
      this.facts.delete(row);
    }
  }

  #drawBadges(linesOf) {
    for (const [id, row] of this.rows) {
      const lines = linesOf.get(id) ?? [];
      if (!lines.length && !row.querySelector(".badge")) continue;
      this.facts.delete(row);
      if (fillBadges(row, lines)) flash([row.querySelector(".alerts")]);
    }
  }

  #factsOf(row) {
    let facts = this.facts.get(row);
    if (!facts) this.facts.set(row, facts = factsOf(row));
    return facts;
  }

  #sort() {
    const [column, way] = this.sort.split(".");
    const sign = way === "desc" ? -1 : 1;
    const keyed = [...this.rows.values()].map((row) => ({ row, facts: this.#factsOf(row) }));
    keyed.sort(({ facts: a }, { facts: b }) => {
      if (a[column] === null || b[column] === null) return (a[column] === null) - (b[column] === null);
      return sign * compare(a[column], b[column]) || compare(a.clinic, b.clinic) || compare(a.device, b.device);
    });
    let next = this.body.firstElementChild;
    for (const { row } of keyed) {
      if (row === next) next = next.nextElementSibling;
      else this.body.insertBefore(row, next);
    }
  }

  #filter() {
    const needles = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = this.chips.filter(isPressed).map((chip) => chip.dataset.filter);
    const counts = {};
    let shown = 0;
    for (const row of this.rows.values()) {
      const { passes, haystack } = this.#factsOf(row);
      for (const name in passes) counts[name] = (counts[name] ?? 0) + passes[name];
      const match = chosen.every((name) => passes[name]) && needles.every((needle) => haystack.includes(needle));
      if (row.hidden === match) row.hidden = !match;
      shown += match;
    }
    for (const chip of this.chips) chip.querySelector(".n").textContent = countText(counts[chip.dataset.filter] ?? 0);
    this.#say(shown, needles.length > 0 || chosen.length > 0);
  }

  #say(shown, filtered) {
    const all = this.rows.size;
    const template = filtered ? words.countFiltered : all === 1 ? words.count.one : words.count.other;
    const said = phrase(template, { n: countText(filtered ? shown : all), all: countText(all) });
    const count = document.getElementById("count");
    if (count.textContent !== said) count.textContent = said;
    this.table.hidden = shown === 0 && filtered;
    document.getElementById("no-match").hidden = !this.table.hidden;
  }

  #readAddress() {
    const query = new URLSearchParams(location.search);
    const sort = query.get("sort") ?? DEFAULT_SORT;
    this.sort = /^\w+\.(asc|desc)$/.test(sort) && this.headers.some(({ dataset }) => sort.startsWith(`${dataset.sort}.`)) ? sort : DEFAULT_SORT;
    const show = (query.get("show") ?? "").split(",");
    for (const chip of this.chips) chip.setAttribute("aria-pressed", show.includes(chip.dataset.filter));
    this.search.value = query.get("q") ?? "";
    this.#showSort();
  }

  #writeAddress() {
    const query = new URLSearchParams();
    const show = this.chips.filter(isPressed);
    if (this.search.value.trim()) query.set("q", this.search.value.trim());
    if (show.length) query.set("show", show.map((chip) => chip.dataset.filter).join(","));
    if (this.sort !== DEFAULT_SORT) query.set("sort", this.sort);
    const text = query.toString().replaceAll("%2C", ",");
    history.replaceState(null, "", text ? `?${text}` : location.pathname);
  }

  #showSort() {
    const [column, way] = this.sort.split(".");
    for (const button of this.headers) {
      const header = button.closest("th");
      if (button.dataset.sort === column) header.setAttribute("aria-sort", `${way}ending`);
      else header.removeAttribute("aria-sort");
    }
    this.sortChoice.value = this.sort;
  }

  #chooseSort(sort) {
    this.sort = sort;
    this.#showSort();
    this.#changed();
  }

  #changed() {
    this.#writeAddress();
    this.arrange();
  }

  #listen() {
    for (const button of this.headers) {
      button.addEventListener("click", () => {
        const name = button.dataset.sort;
        const first = RISING_FIRST.includes(name) ? "asc" : "desc";
        const other = first === "asc" ? "desc" : "asc";
        this.#chooseSort(`${name}.${this.sort === `${name}.${first}` ? other : first}`);
      });
    }
    this.sortChoice.addEventListener("change", () => this.#chooseSort(this.sortChoice.value));
    this.search.addEventListener("input", () => this.#changed());
    this.tools.addEventListener("submit", (event) => event.preventDefault());
    for (const chip of this.chips) {
      chip.addEventListener("click", () => {
        chip.setAttribute("aria-pressed", !isPressed(chip));
        this.#changed();
      });
    }
    document.getElementById("clear").addEventListener("click", () => {
      this.search.value = "";
      for (const chip of this.chips) chip.setAttribute("aria-pressed", "false");
      this.#changed();
      this.search.focus();
    });
    addEventListener("popstate", () => {
      this.#readAddress();
      this.arrange();
    });
  }
}

function isPressed(chip) {
  return chip.getAttribute("aria-pressed") === "true";
}

function flash(cells) {
  const marked = [...cells];
  for (const cell of marked) cell.classList.add("flash");
  setTimeout(() => {
    for (const cell of marked) cell.classList.remove("flash");
  }, FLASH_MS);
}

