// A page about one thing: follows the server's events, which bring parts of the page as they are to be shown.

import { draw } from "./draw.js";
import { LinkSign } from "./shell.js";
import { Stream } from "./stream.js";

/** The events of the page that is shown. */
class PartsStream extends Stream {
  open() {
    this.listen(`${location.pathname}/live${location.search}`, {
      hello: (hello) => {
        if (this.agrees(hello)) this.heard();
      },
      part: (part) => {
        this.heard();
        draw(part);
      },
    });
  }
}

/** Sends a form without leaving the page; what it changed comes by the events. */
async function sendQuietly(form) {
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const response = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (!response.ok) throw new Error(response.statusText);
    const { pathname, search } = new URL(response.url);
    if (pathname !== location.pathname || search !== location.search) location.assign(response.url);
  } catch {
    button.disabled = false;
    form.submit(); // the server's own answer says what is wrong
  }
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-quiet]")) return;
  event.preventDefault();
  sendQuietly(event.target);
});
new PartsStream(new LinkSign()).start();
