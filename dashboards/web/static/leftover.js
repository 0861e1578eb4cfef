// Acts that were kept without a signal go out from whichever page is opened next. Pages about work have an outbox that
// they show; the others send what is left over in silence, and what is refused waits for a page about work.

import { actsOf } from "./queue.js";

async function sendLeftOver(owner) {
  const waiting = (await actsOf(owner)).some((act) => !act.refusal);
  if (!waiting) return;
  const { Outbox } = await import("./outbox.js");
  await new Outbox(owner, Date.now, async () => {}).send();
}

const owner = document.querySelector("form[data-sign-out]")?.dataset.signOut;
if (owner && !document.querySelector("#outbox")) sendLeftOver(owner);
