// The frame of a page: theme switch, search key, menus that close, the drawer of a phone.

const isDesk = matchMedia("(min-width: 992px)");

/** Show the theme switches and keep the reader's choice on this device. */
function switchTheme() {
  const root = document.documentElement;
  const switches = [...document.querySelectorAll("[data-theme-switch]")];
  const show = () => {
    const dark = root.dataset.bsTheme === "dark";
    for (const button of switches) {
      button.setAttribute("aria-pressed", String(dark));
      const use = button.querySelector("use");
      use.setAttribute("href", use.getAttribute("href").replace(/#.*/, dark ? "#sun" : "#moon"));
    }
  };
  for (const button of switches) {
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
      try {
        localStorage.setItem("sanjog-theme", `${root.dataset.bsTheme}@${root.dataset.theme || "auto"}`);
      } catch {
        // A browser that keeps nothing shows the choice until the next page.
      }
      show();
      keepTheme(root.dataset.bsTheme);
    });
  }
  show();
}

/** Keep the choice with the account too, for its other devices; where nobody is signed in, or it is refused, the device alone keeps it. */
function keepTheme(theme) {
  const token = document.querySelector('form[action="/logout/"] [name="csrf_token"]');
  if (token) fetch("/account/theme", { method: "POST", body: new URLSearchParams({ csrf_token: token.value, theme }) }).catch(() => {});
}

/** Let "/" put the cursor into the search box, outside of other fields. */
function focusSearch() {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const box = [...document.querySelectorAll("[data-search], #q")].find((input) => input.offsetParent !== null);
    if (!box) return;
    event.preventDefault();
    box.focus();
    box.select();
  });
}

/** Close an open menu by a click elsewhere, by Escape, and when another one opens; keep it inside the window. */
function closeMenus() {
  document.addEventListener("toggle", (event) => {
    const body = event.target.matches("details.menu[open]") && event.target.querySelector(".filter-body");
    if (body) body.classList.toggle("to-left", body.getBoundingClientRect().left + body.offsetWidth > document.documentElement.clientWidth);
  }, true);
  const open = () => [...document.querySelectorAll("details.menu[open]")];
  document.addEventListener("click", (event) => {
    for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of open()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

/** Move the keyboard into the drawer when it opens and back when it closes; Escape closes it. */
function menuDrawer() {
  const drawer = document.getElementById("menu");
  const opener = document.querySelector("[data-menu]");
  if (!drawer || !opener) return;
  opener.setAttribute("aria-expanded", "false");
  const follow = () => {
    const isOpen = location.hash === "#menu" && opener.offsetParent !== null;
    opener.setAttribute("aria-expanded", String(isOpen));
    for (const part of document.querySelectorAll(".main, .bottom")) part.inert = isOpen;
    document.body.style.overflow = isOpen ? "hidden" : "";
    if (isOpen) drawer.querySelector(".side-close").focus();
  };
  window.addEventListener("hashchange", () => {
    follow();
    if (location.hash !== "#menu") opener.focus({ preventScroll: true });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && location.hash === "#menu") location.hash = "top";
  });
  follow();
}

/** Let a table that is wider than its card scroll in it; others keep the head in sight. */
function fitTables() {
  const cards = [...document.querySelectorAll(".cards")];
  const fit = () => {
    // on a phone rows are cards, and nothing is measured before the first paint
    if (!isDesk.matches) return;
    for (const card of cards) {
      card.classList.remove("wide");
      card.classList.toggle("wide", [...card.children].some((part) => part.tagName === "TABLE" && part.offsetWidth > card.clientWidth + 1));
    }
  };
  window.addEventListener("resize", fit);
  fit();
}

/** Let a worker show a page of our own where there is no connection; it keeps no data. */
function offlinePage() {
  if (!navigator.serviceWorker || !document.body.dataset.worker) return;
  navigator.serviceWorker.register(document.body.dataset.worker, { scope: "/" }).catch(() => {});
  navigator.serviceWorker.ready.then((ready) => ready.active.postMessage({ language: document.documentElement.lang }));
}

/** Bring the present page's line of a long sidebar into sight. */
function showWhereWeAre() {
  const side = isDesk.matches && document.querySelector(".side-in");
  const here = side && side.querySelector("[aria-current]");
  if (here && here.offsetTop + here.offsetHeight > side.clientHeight) side.scrollTop = here.offsetTop - side.clientHeight / 2;
  for (const tabs of document.querySelectorAll("nav.tabs")) {
    const tab = tabs.querySelector("[aria-current]");
    if (tab) tabs.scrollLeft += tab.getBoundingClientRect().right - tabs.getBoundingClientRect().right + 8;
  }
}

switchTheme();
offlinePage();
fitTables();
focusSearch();
closeMenus();
menuDrawer();
showWhereWeAre();
