// Puts a part of a page, as the server draws it, in place of its former self; the keyboard stays where it was.

export function draw({ id, html }) {
  const former = document.getElementById(id);
  if (!former) return;
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  const part = template.content.firstElementChild;
  if (former.isEqualNode(part)) return;
  const held = former.contains(document.activeElement) ? nameOf(document.activeElement) : null;
  former.replaceWith(part);
  if (held !== null) refocus(part, held);
  document.dispatchEvent(new CustomEvent("silverpoint:part", { detail: id }));
}

function nameOf(element) {
  return element.getAttribute("aria-label") ?? element.getAttribute("href") ?? "";
}

function refocus(part, name) {
  const same = [...part.querySelectorAll("a, button")].find((element) => name && nameOf(element) === name);
  if (!same) part.tabIndex = -1;
  (same ?? part).focus({ preventScroll: true });
}
