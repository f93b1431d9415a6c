// Shows a page of our own where there is no connection. Keeps that page in both languages and the files it names, and nothing else: no data.

const KEPT = "sanjog-offline";
const LANGUAGES = ["bn", "en"];

/** Keep the offline pages with the styles, fonts and pictures they need. */
async function keep() {
  const kept = await caches.open(KEPT);
  for (const language of LANGUAGES) {
    const answer = await fetch(`/no-connection/${language}`, { credentials: "omit" });
    if (!answer.ok) throw new Error(String(answer.status));
    const files = [...(await answer.clone().text()).matchAll(/"(\/static\/[^"#]+)/g)].map((found) => found[1]);
    await kept.put(`/no-connection/${language}`, answer);
    await Promise.all([...new Set(files)].map((file) => kept.add(file)));
  }
}

/** The offline page in the language that was read last. */
async function offline() {
  const kept = await caches.open(KEPT);
  const said = await kept.match("/language");
  const language = said ? await said.text() : LANGUAGES[0];
  return (await kept.match(`/no-connection/${language}`)) || Response.error();
}

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.delete(KEPT).then(keep));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => {
  const { language } = event.data || {};
  if (LANGUAGES.includes(language)) event.waitUntil(caches.open(KEPT).then((kept) => kept.put("/language", new Response(language))));
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate") event.respondWith(fetch(request).catch(offline));
  else if (new URL(request.url).pathname.startsWith("/static/")) event.respondWith(fetch(request).catch(async () => (await caches.match(request)) || Response.error()));
});
