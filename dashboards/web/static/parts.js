// A page about one thing: follows the server's events, which bring parts of the page as they are to be shown.

import { draw } from "./draw.js";
import { ageText, setServerTime, setText } from "./fill.js";
import { LinkSign } from "./shell.js";

const QUIET_MS = 40_000;
const RETRY_MS = 3_000;
const TICK_MS = 5_000;

/** One connection to the server's events, opened again whenever it is lost. */
class PartsStream {
  constructor(sign) {
    this.sign = sign;
    this.open();
    setInterval(() => this.#tick(), TICK_MS);
    addEventListener("online", () => this.open());
    addEventListener("pagehide", () => this.source.close());
    addEventListener("pageshow", (event) => { if (event.persisted) this.open(); });
  }

  open() {
    clearTimeout(this.retry);
    this.source?.close();
    const source = new EventSource(`${location.pathname}/live${location.search}`);
    this.source = source;
    source.addEventListener("hello", (event) => this.#hello(JSON.parse(event.data)));
    source.addEventListener("part", (event) => {
      this.sign.heard();
      draw(JSON.parse(event.data));
    });
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
    this.sign.heard();
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

  #tick() {
    for (const time of document.querySelectorAll("time[data-ms]")) setText(time, ageText(Number(time.dataset.ms)));
    if (this.sign.sign.dataset.link === "live" && Date.now() - this.sign.heardMs > QUIET_MS) this.#lost(this.source);
  }
}

/** Sends a form without leaving the page; what it changed comes by the events. */
async function sendQuietly(form) {
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const response = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (!response.ok) throw new Error(response.statusText);
    const { pathname, search } = new URL(response.url);
    if (pathname !== location.pathname || search !== location.search) location.assign(response.url);
  } catch {
    button.disabled = false;
    form.submit(); // the server's own answer says what is wrong
  }
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-quiet]")) return;
  event.preventDefault();
  sendQuietly(event.target);
});
new PartsStream(new LinkSign());
