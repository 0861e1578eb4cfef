// The pages about work: live where there is a signal; without one they say how old they are, and keep what is done.

import { draw } from "./draw.js";
import { page, phrase, serverNow, setServerTime, setText, words } from "./fill.js";
import { Outbox } from "./outbox.js";
import { LinkSign } from "./shell.js";
import { Stream } from "./stream.js";
import { answeredMs, forget } from "./when.js";

const KEEP_AFTER_MS = 1_500;
const PREFETCH_AGAIN_MS = 600_000;
const PREFETCHED = 20;
const TODAY_MS = 43_200_000;
const AHEAD = "silverpoint.ahead";
const said = page.outbox;
const root = document.documentElement;
const element = (id) => document.getElementById(id);

/** What the phone last knew of how far its clock is behind the server's. */
function rememberedAhead() {
  try {
    return Number(localStorage.getItem(AHEAD)) || 0;
  } catch {
    return 0;
  }
}

function rememberTime(nowMs) {
  setServerTime(nowMs);
  try {
    localStorage.setItem(AHEAD, nowMs - Date.now());
  } catch {
    // not remembered: without a signal the phone's own clock serves
  }
}

/** The events of the page. It is never loaded anew for a lost signal: what is on it is all there is without one. */
class WorkStream extends Stream {
  constructor(sign, outbox) {
    super(sign);
    this.outbox = outbox;
    addEventListener("offline", () => this.lost());
    document.addEventListener("silverpoint:sent", () => this.open());
  }

  open() {
    this.listen(`${location.pathname}/live${location.search}`, {
      hello: (hello) => {
        if (!this.agrees(hello)) return;
        this.heard();
        this.outbox.send();
      },
      part: (part) => {
        this.heard();
        draw(part);
        showActs();
        keepSoon();
      },
    });
  }

  heard() {
    delete root.dataset.stale;
    super.heard();
  }

  tellTime(nowMs) {
    rememberTime(nowMs);
  }

  ended() {
    this.lost();
  }

  lost() {
    super.lost();
    root.dataset.stale = "";
  }

  /** Whoever was signed out is told so, and nothing on the page is lost. */
  async again() {
    if ((await this.outbox.send()) && this.outbox.state === "ready") this.open();
    else this.againSoon();
  }
}

/** Draws what is kept: in the panel, and as a mark on what it is about. */
async function showActs() {
  const acts = await outbox.acts();
  const waiting = acts.filter((act) => !act.refusal);
  const panel = element("outbox");
  panel.hidden = acts.length === 0 && outbox.state !== "signIn";
  panel.dataset.state = outbox.state;
  setText(panel.querySelector(".count"), summaryOf(waiting.length, acts.length - waiting.length));
  setText(panel.querySelector(".why"), reasonOf(waiting));
  panel.querySelector(".to-sign-in").hidden = !["signIn", "owner"].includes(outbox.state);
  panel.querySelector(".send").hidden = waiting.length === 0 || outbox.state === "signIn";
  const template = element("act-template").content.querySelector("li");
  panel.querySelector("ol").replaceChildren(...acts.map((act) => fillAct(document.importNode(template, true), act)));
  markAll(waiting);
}

function counted(forms, n) {
  return phrase(n === 1 ? forms.one : forms.other, { n });
}

function summaryOf(unsent, refused) {
  const parts = [];
  if (unsent) parts.push(counted(said.unsent, unsent));
  if (refused) parts.push(counted(said.refused, refused));
  return parts.join(" · ");
}

function reasonOf(waiting) {
  if (outbox.state === "signIn") return said.signIn;
  if (outbox.state === "owner") return phrase(said.owner, { name: page.viewer });
  if (!waiting.length) return "";
  if (outbox.state === "signal" || !navigator.onLine) return said.signal;
  return waiting.some((act) => act.heldUntilMs > Date.now()) ? said.undoIn : said.sending;
}

function timeOf(act) {
  const today = Math.abs(serverNow() - act.atMs) < TODAY_MS;
  const day = today ? {} : { day: "numeric", month: "short" };
  const time = new Date(act.atMs).toLocaleString(words.language, { ...day, hour: "2-digit", minute: "2-digit", hour12: false });
  return phrase(said.doneAt, { time });
}

function fillAct(item, act) {
  item.classList.toggle("refused", Boolean(act.refusal));
  setText(item.querySelector(".verb"), said.acts[act.what]);
  setText(item.querySelector(".about"), act.about);
  setText(item.querySelector(".fate"), act.refusal ? phrase(said.refusals[act.refusal.phrase], act.refusal) : timeOf(act));
  const button = item.querySelector("button");
  setText(button, act.refusal ? said.dismiss : said.undo);
  button.setAttribute("aria-label", `${button.textContent}: ${said.acts[act.what]}, ${act.about}`);
  button.dataset.undo = act.id;
  return item;
}

function markAll(waiting) {
  for (const marked of document.querySelectorAll("[data-subject]:not(form)")) {
    const own = waiting.filter((act) => act.subject === marked.dataset.subject);
    marked.toggleAttribute("data-unsent", own.length > 0);
    const mark = marked.querySelector(".unsent");
    if (mark) {
      mark.hidden = own.length === 0;
      setText(mark, own.length ? `${own.map((act) => said.acts[act.what]).join(", ")} · ${counted(said.unsent, own.length)}` : "");
    }
    for (const form of marked.querySelectorAll("form[data-act]")) {
      const done = own.some((act) => act.what === form.dataset.act);
      for (const button of form.querySelectorAll("button")) button.disabled = done && form.dataset.act !== "note";
    }
  }
}

/** A form of an act: its fields are what is sent, empty ones are left out. */
function actsOfForm(form, submitter) {
  const body = JSON.parse(form.dataset.body ?? "{}");
  for (const [name, value] of new FormData(form, submitter)) if (value !== "") body[name] = value;
  const { act: what, about, subject } = form.dataset;
  const atMs = answeredMs(form);
  const act = { what, body, about, ...(atMs !== undefined && { atMs }) };
  return form.dataset.paths.split(" ").map((path) => ({ ...act, path, subject: subjectOf(path) ?? subject }));
}

function subjectOf(path) {
  const found = /\/work-orders\/(\d+)\//.exec(path);
  return found && `order-${found[1]}`;
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-act]")) return;
  event.preventDefault();
  await outbox.add(actsOfForm(form, event.submitter), Number(form.dataset.holdMs ?? 0));
  for (const field of form.querySelectorAll("textarea, input[name=note]")) field.value = "";
  forget(form);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("#outbox button");
  if (button?.dataset.undo) outbox.undo(button.dataset.undo);
  else if (button?.matches(".send")) outbox.sendAll();
});

/** The worker keeps what it fetches: this page as it stands now. */
let keeping = 0;
function keepSoon() {
  clearTimeout(keeping);
  if (!navigator.serviceWorker?.controller) return;
  keeping = setTimeout(() => fetch(location.href).catch(() => {}), KEEP_AFTER_MS);
}

/** Orders that this page leads to can be opened without a signal, too. */
async function prefetchOrders() {
  const last = Number(sessionStorage.getItem("silverpoint.prefetched")) || 0;
  if (!navigator.serviceWorker?.controller || Date.now() - last < PREFETCH_AGAIN_MS || navigator.connection?.saveData) return;
  sessionStorage.setItem("silverpoint.prefetched", Date.now());
  const paths = new Set([...document.querySelectorAll("a[data-keep]")].map((link) => link.href));
  for (const path of [...paths].slice(0, PREFETCHED)) await fetch(path);
}

async function startWorker() {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("controllerchange", keepSoon);
  await navigator.serviceWorker.register(page.workerPath, { scope: "/work" });
  await navigator.serviceWorker.ready;
  await prefetchOrders();
}

if ("stale" in root.dataset) setServerTime(Date.now() + rememberedAhead());
const sign = new LinkSign();
if ("stale" in root.dataset) {
  sign.heardMs = page.nowMs - rememberedAhead();
  sign.show("lost");
}
const outbox = new Outbox(page.viewer, serverNow, showActs);
new WorkStream(sign, outbox).start();
showActs();
startWorker().catch(() => {}); // without a worker the page needs a signal to open; acts are kept all the same
