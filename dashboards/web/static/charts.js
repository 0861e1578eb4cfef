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

/** A wall screen is read from afar: its charts grow with its letters. */
function forTheWall(spec) {
  const letterPx = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const { config } = spec;
  config.axis = { ...config.axis, labelFontSize: 0.8 * letterPx, titleFontSize: 0.8 * letterPx };
  spec.height *= letterPx / 16;
  return spec;
}

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
    let spec = JSON.parse(text);
    if (spec !== null && "wall" in document.documentElement.dataset) spec = forTheWall(spec);
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

const links = [...document.querySelectorAll(".spans a")];
const spans = links.filter((link) => link.dataset.span);
const [earlier, later] = links.filter((link) => link.rel);

/** The addresses of the other stretches, as the server writes them. */
function relink(asked, nowMs) {
  const current = spans.find((link) => link.dataset.span === asked.get("span")) ?? spans.find((link) => link.ariaCurrent);
  const lengthMs = Number(current.dataset.ms);
  const untilMs = Number(asked.get("until")) || null;
  const address = (span, endMs) => `?span=${span}${endMs === null ? "" : `&until=${endMs}`}`;
  for (const link of spans) {
    link.href = address(link.dataset.span, untilMs);
    if (link === current) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  earlier.href = address(current.dataset.span, (untilMs ?? nowMs) - lengthMs);
  later.hidden = untilMs === null;
  if (untilMs !== null) later.href = address(current.dataset.span, untilMs + lengthMs < nowMs ? untilMs + lengthMs : null);
}

/** Another stretch of time, without leaving the page. */
function choose(search) {
  history.replaceState(null, "", search);
  relink(new URLSearchParams(search), Date.now() + skewMs);
  for (const figure of document.querySelectorAll(".charts figure[data-chart]")) {
    figure.dataset.chart = figure.dataset.chart.split("?")[0] + search;
  }
  drawAll();
}

const told = document.getElementById("page-data");
const skewMs = told ? JSON.parse(told.textContent).nowMs - Date.now() : 0;
for (const link of links) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(link.search);
  });
}
document.addEventListener("silverpoint:part", () => {
  for (const chart of charts) if (Date.now() - chart.drawnMs > FRESH_MS) chart.draw().catch(() => {});
});
drawAll();
