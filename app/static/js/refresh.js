// A list that brings itself up to date: asks its own address for the rows, while somebody looks and nobody paused it.

const LONGEST_WITHOUT_A_HAND = 15 * 60 * 1000;
const bar = document.querySelector("[data-refresh]");
const pause = bar.querySelector("[data-pause]");
const rows = document.querySelector("section.cards");
let paused = false;
let lastTouch = Date.now();

for (const kind of ["pointerdown", "keydown", "wheel", "touchstart"]) {
  document.addEventListener(kind, () => { lastTouch = Date.now(); }, { passive: true });
}

/** Put new figures and rows in the place of the old ones; the link that had the focus has it again. */
function show(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  for (const fresh of page.querySelectorAll("[data-live]")) {
    const old = bar.querySelector(`[data-live="${fresh.dataset.live}"]`);
    if (old) old.textContent = fresh.textContent;
  }
  const focused = rows.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  rows.replaceChildren(...page.querySelector("section.cards").childNodes);
  if (focused) rows.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

async function refresh() {
  // A list that nobody looks at keeps no session awake.
  if (paused || document.hidden || Date.now() - lastTouch > LONGEST_WITHOUT_A_HAND) return;
  try {
    const answer = await fetch(location.href, { headers: { "X-Refresh": "rows" }, redirect: "error" });
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.text());
  } catch {
    paused = true;
    bar.querySelector(".muted").textContent = bar.dataset.failed;
    pause.hidden = true;
  }
}

pause.hidden = false;
pause.addEventListener("click", () => {
  paused = !paused;
  pause.setAttribute("aria-pressed", String(paused));
  pause.querySelector("span").textContent = paused ? pause.dataset.goOn : pause.dataset.pause;
  if (!paused) refresh();
});
setInterval(refresh, Number(bar.dataset.refresh) * 1000);
document.addEventListener("visibilitychange", refresh);
