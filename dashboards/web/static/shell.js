// What every page has: the colours that its reader chooses, and the sign that says whether it is live.

import { phrase, setText, words } from "./fill.js";

const STORED_THEME = "silverpoint.theme";

/** The sign in the header that says whether the page is live. */
export class LinkSign {
  constructor() {
    this.sign = document.querySelector(".link");
    this.heardMs = Date.now();
    this.show("connecting");
  }

  heard() {
    this.heardMs = Date.now();
    this.show("live");
  }

  show(state) {
    const time = new Date(this.heardMs).toLocaleTimeString(words.language, { hour: "2-digit", minute: "2-digit", hour12: false });
    this.sign.dataset.link = state;
    setText(this.sign.querySelector(".text"), phrase(words[state], { time }));
  }
}

function listenToTheme() {
  const label = document.querySelector(".theme");
  const select = label.querySelector("select");
  select.value = document.documentElement.dataset.theme ?? "auto";
  label.hidden = false;
  select.addEventListener("change", () => {
    try {
      localStorage.setItem(STORED_THEME, select.value);
    } catch {
      // not remembered, still shown
    }
    if (select.value === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = select.value;
  });
}

listenToTheme();
