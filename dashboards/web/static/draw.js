// Puts a part of a page, as the server draws it, in place of its former self; the keyboard stays where it was, and what
// was typed in its acts but not sent stays as it is.

export function draw({ id, html }) {
  const former = document.getElementById(id);
  if (!former) return;
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  const part = template.content.firstElementChild;
  if (former.isEqualNode(part)) return;
  const active = former.contains(document.activeElement) ? document.activeElement : null;
  const answers = carryOver(former, part);
  former.replaceWith(part);
  if (active !== null) refocus(part, answers.get(active) ?? sameButton(part, nameOf(active)));
  document.dispatchEvent(new CustomEvent("silverpoint:part", { detail: id }));
}

function nameOf(element) {
  return element.getAttribute("aria-label") ?? element.getAttribute("href") ?? "";
}

/** Answers in forms of acts, and what is unfolded, as they are; gives the field of the new part for each former one. */
function carryOver(former, part) {
  const same = new Map();
  for (const form of former.querySelectorAll("form[data-act]")) {
    const next = [...part.querySelectorAll("form[data-act]")].find((one) => one.dataset.act === form.dataset.act && one.dataset.paths === form.dataset.paths);
    if (!next) continue;
    const details = form.closest("details");
    if (details && next.closest("details")) next.closest("details").open = details.open;
    [...form.elements].forEach((field, place) => carryField(field, next.elements[place], same));
  }
  return same;
}

function carryField(field, next, same) {
  if (next?.localName !== field.localName || next.name !== field.name || field.localName === "button") return;
  same.set(field, next);
  if (field.localName === "select") {
    const chosen = [...next.options].find((one) => one.value === field.value);
    if (chosen && field.selectedOptions[0]?.defaultSelected === false) chosen.selected = true;
  } else if (field.type === "radio") {
    if (field.checked !== field.defaultChecked) next.checked = field.checked;
  } else if (field.value !== field.defaultValue) next.value = field.value;
}

function sameButton(part, name) {
  return [...part.querySelectorAll("a, button")].find((element) => name && nameOf(element) === name);
}

function refocus(part, same) {
  if (!same) part.tabIndex = -1;
  (same ?? part).focus({ preventScroll: true });
}
