// Fills the markup of rows and action lines with values that the server has formatted. Text is only ever set as text.

/** The page's words and field names, handed over by the server. */
export const page = JSON.parse(document.getElementById("page-data").textContent);
export const words = page.words;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

let serverAheadMs = page.nowMs - Date.now();

/** Follows the server's clock: this device's own may be wrong. */
export function setServerTime(nowMs) {
  serverAheadMs = nowMs - Date.now();
}

/** What the server's clock shows now. */
export function serverNow() {
  return Date.now() + serverAheadMs;
}

/** A phrase with its `{placeholders}` filled. */
export function phrase(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** A count as the page's language writes it. */
export function countText(count) {
  return count.toLocaleString(words.language);
}

/** How long ago, in the words of the server. */
export function ageText(timeMs) {
  const age = serverNow() - timeMs;
  if (age < MINUTE_MS) return words.justNow;
  if (age < HOUR_MS) return phrase(words.minutesAgo, { n: Math.floor(age / MINUTE_MS) });
  if (age < 2 * DAY_MS) return phrase(words.hoursAgo, { n: Math.floor(age / HOUR_MS) });
  return phrase(words.daysAgo, { n: Math.floor(age / DAY_MS) });
}

/** An array of values to an object, by the server's field names. */
export function named(fields, values) {
  const object = {};
  fields.forEach((field, index) => { object[field] = values[index]; });
  return object;
}

/** Sets an element's text where it differs; true if it did. */
export function setText(element, text) {
  if (element.textContent === text) return false;
  element.textContent = text;
  return true;
}

function setFlag(element, name, on) {
  element.toggleAttribute(`data-${name}`, on);
}

function setTitle(element, title) {
  if (title) element.title = title;
  else element.removeAttribute("title");
}

function setBar(svg, selector, units) {
  svg.querySelector(selector).setAttribute("width", units ?? 0);
}

function setMoment(time, timeMs, title, none) {
  if (timeMs === null) {
    delete time.dataset.ms;
    time.removeAttribute("datetime");
  } else {
    time.dataset.ms = timeMs;
    time.dateTime = new Date(timeMs).toISOString();
  }
  time.title = title;
  setText(time, timeMs === null ? none : ageText(timeMs));
}

function textSetter(root, changed) {
  return (selector, text) => {
    const element = root.querySelector(selector);
    if (setText(element, text)) changed.add(element.closest("td, th"));
  };
}

/** Draws a device's values into its row; answers the cells in which something to be noticed changed. */
export function fillRow(row, values) {
  const changed = new Set();
  const set = textSetter(row, changed);
  const wasOnline = !("offline" in row.dataset);
  Object.assign(row.dataset, { id: values.id, band: values.band, power: values.power });
  setFlag(row, "offline", !values.online);
  setFlag(row, "session", values.in_session);
  setFlag(row, "low", values.charge_low);
  row.querySelector(".clinic .to").href = `/clinics/${values.clinic_id}`;
  row.querySelector(".device .to").href = `/devices/${values.id}`;
  set(".clinic bdi", values.clinic);
  set(".device .name", values.name);
  set(".device .note", values.note);
  set(".tag", values.lifecycle);
  row.querySelector(".tag").hidden = !values.lifecycle;
  set(".source", values.power_text);
  set(".charge", values.charge_text);
  set(".total", values.sessions_text);
  set(".running", values.in_session ? words.inSession : "");
  set(".serial", values.nozzle);
  setText(row.querySelector(".nozzle .note bdi"), values.nozzle_note);
  set(".percent", values.wear_text);
  set(".band", values.band_text);
  setText(row.querySelector(".state"), values.online ? words.online : words.offline);
  if (wasOnline !== values.online) changed.add(row.querySelector(".seen"));
  setMoment(row.querySelector("time"), values.seen_ms, values.seen_title, words.notHeard);
  row.querySelector("svg.battery").toggleAttribute("hidden", values.charge_units === null);
  setBar(row.querySelector("svg.battery"), ".level", values.charge_units);
  setBar(row.querySelector(".bar"), ".fill", values.wear_units);
  setTitle(row.querySelector(".wear"), values.wear_title);
  set(".due .by", values.due);
  setTitle(row.querySelector(".due"), values.due_title);
  if (fillBadges(row.querySelector(".alerts ul"), values.badges)) changed.add(row.querySelector(".alerts"));
  return changed;
}

function fillBadges(list, badges) {
  const before = list.textContent;
  list.replaceChildren(...badges.map(badge));
  return list.textContent !== before;
}

function badge(line) {
  const item = document.createElement("li");
  item.className = `badge ${line.severity}`;
  if (line.acknowledged) {
    item.classList.add("acknowledged");
    item.title = line.acknowledged;
  }
  const aside = document.createElement("span");
  aside.className = "aside";
  aside.textContent = `${line.severity_text}: `;
  item.append(aside, line.text);
  return item;
}

/** Draws a firing alert into a clone of the action line. */
export function fillAction(item, line) {
  const set = (selector, text) => setText(item.querySelector(selector), text);
  item.className = `action ${line.tone}`;
  item.classList.toggle("acknowledged", Boolean(line.acknowledged));
  item.dataset.id = line.id;
  set(".what .aside", `${line.severity_text}: `);
  set(".title", line.title);
  set(".subject", line.subject);
  set(".percent", line.wear_text);
  setBar(item.querySelector(".bar"), ".fill", line.wear_units);
  item.querySelector(".measure").hidden = line.wear_units === null;
  set(".detail", line.detail);
  item.querySelector(".detail").hidden = !line.detail;
  set(".where .name", line.device);
  const link = item.querySelector(".where .to");
  if (line.device_id) link.href = `/devices/${line.device_id}`;
  else link.removeAttribute("href");
  set(".where .clinic", line.clinic);
  setMoment(item.querySelector("time"), line.since_ms, line.since_title, "");
  set(".by", line.acknowledged);
  item.querySelector(".by").hidden = !line.acknowledged;
  return item;
}
