// Signing out erases what this browser keeps for the person: pages kept for the time without signal, and acts that
// were not sent. It asks before it erases those.

import { actsOf, drop } from "./queue.js";

const KEPT_PAGES = "silverpoint-kept";
const form = document.querySelector("form[data-sign-out]");

function phraseOf(count) {
  const { one, other } = form.dataset;
  return (count === 1 ? one : other).replace("{n}", count);
}

/** Asks whether acts that were not sent may be lost. */
function mayLose(count) {
  const dialog = document.createElement("dialog");
  dialog.className = "asking";
  const said = document.createElement("p");
  said.textContent = phraseOf(count);
  const choices = document.createElement("form");
  choices.method = "dialog";
  for (const [value, text] of [["stay", form.dataset.stay], ["leave", form.dataset.anyway]]) {
    const button = document.createElement("button");
    button.value = value;
    button.textContent = text;
    choices.append(button);
  }
  dialog.append(said, choices);
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "leave");
    });
    dialog.showModal();
  });
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const acts = await actsOf(form.dataset.signOut);
  const unsent = acts.filter((act) => !act.refusal).length;
  if (unsent && !(await mayLose(unsent))) return;
  for (const act of acts) await drop(act.id);
  if ("caches" in self) await caches.delete(KEPT_PAGES);
  form.submit();
});
