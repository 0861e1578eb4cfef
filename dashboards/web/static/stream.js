// A connection to the server's events that is opened again whenever it is lost, and says when what is shown is old.

import { ageText, setServerTime, setText } from "./fill.js";

const QUIET_MS = 40_000;
const RETRY_MS = 3_000;
const TICK_MS = 5_000;

/** What every live page has. A page says where its events are and what comes of them (`open`, by `listen`). */
export class Stream {
  constructor(sign) {
    this.sign = sign;
  }

  /** Opens it, and keeps it open as long as somebody may look. */
  start() {
    this.open();
    setInterval(() => this.#watch(), TICK_MS);
    addEventListener("online", () => this.open());
    addEventListener("pagehide", () => this.source.close());
    addEventListener("pageshow", (event) => { if (event.persisted) this.openAfresh(); });
  }

  /** After the page was put away and taken out again. */
  openAfresh() {
    this.open();
  }

  /** `acts` by the events' names; each gets what its event says. */
  listen(address, acts) {
    clearTimeout(this.retry);
    this.source?.close();
    const source = new EventSource(address);
    this.source = source;
    const on = (name, act) => source.addEventListener(name, (event) => {
      if (source === this.source) act(event);
    });
    for (const [name, act] of Object.entries(acts)) on(name, (event) => act(JSON.parse(event.data)));
    on("beat", (event) => {
      this.heard();
      this.tellTime(JSON.parse(event.data).nowMs);
    });
    on("bye", () => this.ended());
    on("error", () => this.lost());
  }

  /** Whether the server still is of the version that this page came from; otherwise the page is loaded anew. */
  agrees({ nowMs, version }) {
    if (!document.querySelector("link[rel=stylesheet]").href.includes(version)) {
      location.reload();
      return false;
    }
    this.tellTime(nowMs);
    return true;
  }

  /** What is shown is of now. */
  heard() {
    this.sign.heard();
  }

  tellTime(nowMs) {
    setServerTime(nowMs);
  }

  /** The server ended it: the viewer was signed out, or the server goes. */
  ended() {
    location.reload();
  }

  lost() {
    this.source.close();
    this.sign.show("lost");
    this.againSoon();
  }

  againSoon() {
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.again(), RETRY_MS * (0.5 + Math.random()));
  }

  /** EventSource does not say why it failed: ask once, and let a reader who was signed out sign in. */
  async again() {
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
    if (this.sign.sign.dataset.link === "live" && Date.now() - this.sign.heardMs > QUIET_MS) this.lost();
  }
}
