// Draws the page's charts from the specs that the server gives; expressions are interpreted, never compiled.

const FRESH_MS = 20_000;
const EMBED = {
  mode: "vega-lite",
  renderer: "svg",
  ast: true,
  actions: false,
  defaultStyle: false,
  tooltip: { disableDefaultStyle: true },
};

/** One figure with its chart. */
class Chart {
  constructor(figure) {
    this.figure = figure;
    this.plot = figure.querySelector(".plot");
    this.nothing = figure.querySelector(".nothing");
  }

  async draw() {
    const path = this.figure.dataset.chart;
    this.drawnMs = Date.now();
    const response = await fetch(path, { cache: "no-cache" });
    if (!response.ok) return;
    const text = await response.text();
    if (path !== this.figure.dataset.chart || text === this.drawn) return;
    this.drawn = text;
    const spec = JSON.parse(text);
    this.nothing.hidden = spec !== null;
    this.plot.hidden = spec === null;
    this.result?.finalize();
    this.result = spec === null ? null : await vegaEmbed(this.plot, spec, EMBED);
    this.figure.dataset.drawn = "";
  }
}

const charts = [...document.querySelectorAll("figure[data-chart]")].map((figure) => new Chart(figure));

function drawAll() {
  for (const chart of charts) chart.draw().catch((error) => console.error(error));
}

/** Another stretch of time, without leaving the page. */
function choose(link, links) {
  for (const other of links) other.removeAttribute("aria-current");
  link.setAttribute("aria-current", "true");
  history.replaceState(null, "", link.search);
  for (const figure of document.querySelectorAll(".charts figure[data-chart]")) {
    figure.dataset.chart = figure.dataset.chart.split("?")[0] + link.search;
  }
  drawAll();
}

const spans = [...document.querySelectorAll(".spans a")];
for (const link of spans) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(link, spans);
  });
}
document.addEventListener("silverpoint:part", () => {
  for (const chart of charts) if (Date.now() - chart.drawnMs > FRESH_MS) chart.draw().catch(() => {});
});
drawAll();
