// The table of devices: one page of what the server found and sorted. What is asked for is kept in the address.

import { fillRow, named, page, setText } from "./fill.js";

const FLASH_MS = 250;
const TYPING_MS = 150;
const IDLE_MS = 20_000;
const RISING_FIRST = ["clinic", "device", "power", "nozzle", "due"];
const ACTIVITY = ["pointermove", "pointerdown", "wheel", "scroll", "keydown", "touchmove"];

/** One page of the table; `ask` is called when its reader wants to see something else. */
export class FleetTable {
  constructor(table, ask) {
    this.table = table;
    this.ask = ask;
    this.body = document.getElementById("rows");
    this.tools = document.getElementById("tools");
    this.search = document.getElementById("search");
    this.sortChoice = document.getElementById("sort");
    this.pager = document.getElementById("pager");
    this.reorder = document.getElementById("reorder");
    this.chips = [...this.tools.querySelectorAll("[data-filter]")];
    this.headers = [...table.querySelectorAll("[data-sort]")];
    this.template = document.getElementById("row-template").content.querySelector("tr");
    this.rows = new Map([...this.body.rows].map((row) => [row.dataset.id, row]));
    this.activeMs = 0;
    this.#readAddress();
    this.#listen();
    document.getElementById("chips").hidden = false;
  }

  /** Draws those of the devices that are shown. */
  update(devices) {
    for (const values of devices) {
      const row = this.rows.get(values.id);
      if (row) flash(fillRow(row, values));
    }
  }

  /** Shows what was asked for: these devices in this order. False where a row is missing that `devices` lack too. */
  show({ ids, devices, pager }) {
    const fresh = new Map(devices.map((values) => [values.id, values]));
    if (ids.some((id) => !this.rows.has(id) && !fresh.has(id))) return false;
    const before = this.rows;
    this.rows = new Map(ids.map((id) => [id, before.get(id) ?? document.importNode(this.template, true)]));
    for (const [id, values] of fresh) {
      const row = this.rows.get(id);
      if (row) flash(before.has(id) ? fillRow(row, values) : (fillRow(row, values), []));
    }
    this.#place();
    this.#showPager(pager, ids.length);
    this.reorder.hidden = true;
    this.offered = null;
    this.body.removeAttribute("aria-busy");
    return true;
  }

  /** Takes over another order at once where nobody is at the page; otherwise it waits for the button. */
  offer(arrangement) {
    const earlier = this.offered?.devices ?? [];
    const seen = new Set(arrangement.devices.map(({ id }) => id));
    arrangement.devices.push(...earlier.filter(({ id }) => !seen.has(id)));
    if (Date.now() - this.activeMs > IDLE_MS) {
      this.show(arrangement);
      return;
    }
    this.offered = arrangement;
    this.reorder.hidden = false;
  }

  /** The numbers on the filters' buttons. */
  count(numbers) {
    for (const chip of this.chips) setText(chip.querySelector(".n"), numbers[chip.dataset.filter] ?? "");
  }

  /** What is asked for, as the address has it. */
  query() {
    const query = new URLSearchParams();
    const show = this.chips.filter(isPressed).map((chip) => chip.dataset.filter);
    const search = this.search.value.trim();
    if (search) query.set("q", search);
    if (show.length) query.set("show", show.join(","));
    if (this.sort !== page.sort) query.set("sort", this.sort);
    if (this.page > 1) query.set("page", this.page);
    return query.toString().replaceAll("%2C", ",");
  }

  #place() {
    let next = this.body.firstElementChild;
    for (const row of this.rows.values()) {
      if (row === next) next = next.nextElementSibling;
      else this.body.insertBefore(row, next);
    }
    while (next) {
      const gone = next;
      next = next.nextElementSibling;
      gone.remove();
    }
  }

  #showPager(pager, rows) {
    setText(document.getElementById("count"), pager.found);
    setText(this.pager.querySelector(".range"), pager.range);
    this.pager.hidden = !pager.range;
    for (const [rel, address] of [["prev", pager.previous], ["next", pager.next]]) {
      const link = this.pager.querySelector(`[rel=${rel}]`);
      link.hidden = !address;
      if (address) link.setAttribute("href", address);
    }
    this.table.hidden = rows === 0;
    document.getElementById("no-match").hidden = rows > 0;
  }

  #readAddress() {
    const query = new URLSearchParams(location.search);
    const sort = query.get("sort") ?? "";
    const show = (query.get("show") ?? "").split(",");
    this.sort = [...this.sortChoice.options].some(({ value }) => value === sort) ? sort : page.sort;
    this.page = Math.max(1, Number.parseInt(query.get("page") ?? "1", 10) || 1);
    for (const chip of this.chips) chip.setAttribute("aria-pressed", show.includes(chip.dataset.filter));
    this.search.value = query.get("q") ?? "";
    this.#showSort();
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

  #changed(page = 1) {
    this.page = page;
    const query = this.query();
    const address = query ? `?${query}` : location.pathname;
    if (page > 1) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
    this.body.setAttribute("aria-busy", "true");
    this.ask();
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
    this.search.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.#changed(), TYPING_MS);
    });
    this.tools.addEventListener("submit", (event) => {
      event.preventDefault();
      clearTimeout(this.typing);
      this.#changed();
    });
    for (const chip of this.chips) {
      chip.addEventListener("click", () => {
        chip.setAttribute("aria-pressed", !isPressed(chip));
        this.#changed();
      });
    }
    document.getElementById("clear").addEventListener("click", (event) => {
      event.preventDefault();
      this.search.value = "";
      for (const chip of this.chips) chip.setAttribute("aria-pressed", "false");
      this.#changed();
      this.search.focus();
    });
    this.pager.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.#changed(Number(new URL(link.href).searchParams.get("page") ?? 1));
      this.table.scrollIntoView({ block: "start" });
    });
    this.reorder.addEventListener("click", () => {
      if (this.offered) this.show(this.offered);
      this.search.focus({ preventScroll: true });
    });
    addEventListener("popstate", () => {
      this.#readAddress();
      this.ask();
    });
    for (const name of ACTIVITY) addEventListener(name, () => { this.activeMs = Date.now(); }, { passive: true });
  }
}

/** Rows as the server sends them, by their field names. */
export function rowsOf(rows) {
  return rows.map((row) => {
    const values = named(page.rowFields, row);
    values.badges = values.badges.map((badge) => named(page.badgeFields, badge));
    return values;
  });
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
