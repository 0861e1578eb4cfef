// Answers for the pages about work where there is no signal. It keeps the files that they are made of, and each page as
// it was last seen; pages of one person only. `given` stands before this text: version, files and words.

const FILES = `silverpoint-files-${given.version}`;
const PAGES = "silverpoint-kept";
const OWNER = "/work/kept-for";
const OWNER_HEADER = "X-Silverpoint-For";
const MOST_PAGES = 40;
const PATIENCE_MS = 4_000;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(FILES).then((files) => files.addAll(given.kept)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(dropOldFiles().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (given.kept.includes(url.pathname)) event.respondWith(fileOf(request));
  else if (isKept(url)) event.respondWith(request.mode === "navigate" ? pageOf(event, url) : fresh(event, url));
});

function isKept(url) {
  return url.pathname === "/work" || /^\/work\/orders\/\d+$/.test(url.pathname);
}

async function dropOldFiles() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith("silverpoint-files-") && name !== FILES);
  await Promise.all(old.map((name) => caches.delete(name)));
}

async function fileOf(request) {
  return (await caches.match(request, { cacheName: FILES })) ?? fetch(request);
}

/** The page from the server, and a copy of it to keep. */
async function fresh(event, url) {
  const response = await fetch(event.request);
  if (response.ok && !response.redirected && response.headers.has(OWNER_HEADER)) event.waitUntil(keep(url, response.clone()));
  return response;
}

/** The page from the server; as it was kept where that can't be reached, or takes too long. */
async function pageOf(event, url) {
  const asked = fresh(event, url);
  const kept = await keptOf(url);
  if (!kept) return asked.catch(nothingKept);
  asked.catch(() => {});
  const tooLong = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  const response = await Promise.race([asked.catch(() => null), tooLong]);
  return response ?? stale(kept);
}

async function keptOf(url) {
  const pages = await caches.open(PAGES);
  return (await pages.match(url.href)) ?? (await pages.match(url.href, { ignoreSearch: true }));
}

/** Marks a kept page as such: its script then says how old it is. */
async function stale(kept) {
  const text = await kept.text();
  return new Response(text.replace("<html ", "<html data-stale "), { headers: kept.headers });
}

let writing = Promise.resolve();

/** One after another: another person's pages go before the first of this one's comes. */
function keep(url, response) {
  writing = writing.catch(() => {}).then(() => put(url, response));
  return writing;
}

async function put(url, response) {
  const owner = response.headers.get(OWNER_HEADER);
  let pages = await caches.open(PAGES);
  const known = await pages.match(OWNER);
  if (!known || (await known.text()) !== owner) {
    await caches.delete(PAGES);
    pages = await caches.open(PAGES);
    await pages.put(OWNER, new Response(owner));
  }
  await pages.put(url.href, response);
  const kept = (await pages.keys()).filter((request) => new URL(request.url).pathname !== OWNER);
  for (const request of kept.slice(0, Math.max(0, kept.length - MOST_PAGES))) await pages.delete(request);
}

function nothingKept() {
  const { title, detail, again } = given.words;
  const html = `<!doctype html><html lang="${given.language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title>
${given.kept.filter((path) => /(tokens|base)\.css$/.test(path)).map((path) => `<link rel="stylesheet" href="${path}">`).join("")}
</head><body><main><div class="empty"><h1>${title}</h1><span>${detail}</span><a href="">${again}</a></div></main></body></html>`;
  const headers = { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "default-src 'none'; style-src 'self'" };
  return new Response(html, { status: 503, headers });
}
