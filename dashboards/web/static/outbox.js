// The outbox: acts are kept first, then sent with the time at which they were done, until the server has answered.
// One key for each act makes it count once, however often it is sent.

import { actsOf, drop, keep } from "./queue.js";

const ME = "/api/v1/me";
const LOCK = "silverpoint-outbox";
const RETRY_MIN_MS = 3_000;
const RETRY_MAX_MS = 60_000;
const AGAIN = [408, 425, 429];

/** Whether the server could not do it just now, and may be asked again. */
function isPassing(response, problem) {
  if (response.status >= 500 || AGAIN.includes(response.status)) return true;
  return response.status === 409 && String(problem.detail).startsWith("Idempotency-Key");
}

/** Why an act was not taken: the name of a phrase, and whom it names. */
async function refusalOf(act, status) {
  if (status === 404) return { phrase: "gone" };
  if (["acknowledge", "silence"].includes(act.what) && status === 409) return { phrase: "resolved" };
  if (act.what === "order" && status === 409) return { phrase: "ordered" };
  const order = /^\/api\/v1\/work-orders\/\d+/.exec(act.path);
  if (order) {
    const response = await fetch(order[0], { cache: "no-store" });
    const found = response.ok ? await response.json() : {};
    if (found.state === "confirmed") return { phrase: "confirmed" };
    if (found.state === "closed") return { phrase: "closed", name: found.ended_by };
    if (act.what === "claim" && found.claimed_by) return { phrase: "claimed", name: found.claimed_by };
    if (act.what === "assign" && found.assignee) return { phrase: "taken", name: found.assignee };
  }
  return { phrase: status === 403 ? "forbidden" : "other" };
}

export class Outbox {
  /** `now` gives the server's time; `changed` is told of every change. */
  constructor(owner, now, changed) {
    this.owner = owner;
    this.now = now;
    this.changed = changed;
    this.state = "ready";
    this.retryMs = RETRY_MIN_MS;
    this.last = 0;
    addEventListener("online", () => this.send());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.send(); });
  }

  acts() {
    return actsOf(this.owner);
  }

  /** Keeps acts that were done now, or when they say, and sends them; `holdMs` leaves time to undo. */
  async add(acts, holdMs = 0) {
    const atMs = Math.round(this.now());
    this.last = Math.max(this.last + 1, Date.now());
    for (const act of acts) {
      await keep({ atMs, ...act, id: crypto.randomUUID(), owner: this.owner, place: this.last++, heldUntilMs: Date.now() + holdMs });
    }
    await this.changed();
    this.#wait(holdMs);
  }

  async undo(id) {
    await drop(id);
    await this.changed();
  }

  /** Sends now what is kept, what was held back for undoing as well. */
  async sendAll() {
    for (const act of await this.acts()) if (act.heldUntilMs > Date.now()) await keep({ ...act, heldUntilMs: 0 });
    await this.send();
  }

  /** Sends what is kept, in the order in which it was done; tells whether the server was reached. */
  async send() {
    clearTimeout(this.timer);
    if (!("locks" in navigator)) return this.#send();
    return navigator.locks.request(LOCK, () => this.#send());
  }

  async #send() {
    const due = (await this.acts()).filter((act) => !act.refusal);
    try {
      const csrf = await this.#csrf();
      if (csrf === undefined) return true;
      for (const act of due) if (act.heldUntilMs <= Date.now() && !(await this.#sendOne(act, csrf))) break;
      this.retryMs = RETRY_MIN_MS;
    } catch {
      this.state = "signal";
      if (due.length) this.#waitLonger();
      await this.changed();
      return false;
    }
    const held = (await this.acts()).filter((act) => !act.refusal);
    if (held.length) this.#wait(Math.max(0, held[0].heldUntilMs - Date.now()) || this.retryMs);
    await this.changed();
    return true;
  }

  /** The session's token; undefined where nobody, or somebody else, is signed in. */
  async #csrf() {
    const response = await fetch(ME, { cache: "no-store" });
    if (response.status >= 500) throw new Error(response.statusText);
    const me = response.ok ? await response.json() : null;
    this.state = me === null ? "signIn" : me.name === this.owner ? "ready" : "owner";
    if (this.state === "ready") return me.csrf;
    await this.changed();
    return undefined;
  }

  async #sendOne(act, csrf) {
    const response = await fetch(act.path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": act.id, "X-CSRF-Token": csrf ?? "" },
      body: JSON.stringify({ ...act.body, at_ms: act.atMs }),
    });
    if (response.ok) {
      await drop(act.id);
      document.dispatchEvent(new CustomEvent("silverpoint:sent", { detail: act }));
      return true;
    }
    const problem = await response.json().catch(() => ({}));
    if (response.status === 401) {
      this.state = "signIn";
      return false;
    }
    if (isPassing(response, problem)) throw new Error(problem.detail);
    await keep({ ...act, refusal: await refusalOf(act, response.status) });
    return true;
  }

  #wait(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), ms);
  }

  #waitLonger() {
    this.#wait(this.retryMs * (0.5 + Math.random()));
    this.retryMs = Math.min(2 * this.retryMs, RETRY_MAX_MS);
  }
}
