// When something was really done: a field on the clocks of the clinic, wherever the phone is. Empty, it means now.

import { serverNow } from "./fill.js";

const ANSWERS = "input[data-zone]";

/** What the clocks of a zone show, counted as if they showed UTC. */
function shownMs(timeMs, zone) {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric",
  });
  const shown = Object.fromEntries(format.formatToParts(timeMs).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(shown.year, shown.month - 1, shown.day, shown.hour, shown.minute);
}

/** The time at which the clocks of a zone show `text`, as a field has it; a second look, since clocks may be put back. */
function timeOn(text, zone) {
  const wallMs = Date.parse(`${text}Z`);
  const nearMs = 2 * wallMs - shownMs(wallMs, zone);
  return nearMs + wallMs - shownMs(nearMs, zone);
}

/** The time that a form answers; undefined: now. */
export function answeredMs(form) {
  const field = form.querySelector(ANSWERS);
  return field?.value ? timeOn(field.value, field.dataset.zone) : undefined;
}

/** Forgets what was answered. */
export function forget(form) {
  for (const field of form.querySelectorAll(ANSWERS)) field.value = "";
}

// Nothing was done in the future; the bound is set late, since a page may be open for hours.
document.addEventListener("focusin", ({ target }) => {
  if (target.matches(ANSWERS)) target.max = new Date(shownMs(serverNow(), target.dataset.zone)).toISOString().slice(0, 16);
});
