// One's own notifications: what becomes of a test message, and the calendar's address to take along.

const LOOK_EVERY_MS = 2000;
const MOST_LOOKS = 20;

/** Fetches the last messages until none of them is on its way any more. */
async function followMessages(looks) {
  const shown = document.querySelector("#last");
  if (!shown?.hasAttribute("data-on-its-way") || looks === 0) return;
  await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  try {
    const response = await fetch(location.pathname);
    if (!response.ok) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("#last");
    if (fresh === null) return;
    // What says the same stays, so that it is not read out again.
    if (fresh.textContent !== shown.textContent) shown.replaceChildren(...fresh.childNodes);
    shown.toggleAttribute("data-on-its-way", fresh.hasAttribute("data-on-its-way"));
  } catch {
    // no signal: the next look may have one
  }
  await followMessages(looks - 1);
}

/** A button that copies the address beside it; without leave to write to the clipboard it marks it. */
function offerCopies(button) {
  const address = button.parentElement.querySelector("input");
  const word = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    address.select();
    try {
      await navigator.clipboard.writeText(address.value);
    } catch {
      return;
    }
    button.textContent = button.dataset.copied;
    setTimeout(() => (button.textContent = word), LOOK_EVERY_MS);
  });
}

document.querySelectorAll("[data-copied]").forEach(offerCopies);
followMessages(MOST_LOOKS);
