// The page behind a payment link: says once that a person has opened it, and sends a form once.

/** Tell the server that a person looks at the page: previews of chats fetch it too, but run no script. */
function sayOpened() {
  const page = document.querySelector("[data-opened]");
  if (!page || sessionStorage.getItem(location.pathname)) return;
  sessionStorage.setItem(location.pathname, "opened");
  fetch(page.dataset.opened, { method: "POST", body: new URLSearchParams({ csrf_token: page.dataset.token }), credentials: "omit" });
}

/** Let a way of paying be pressed once, until the browser's way back shows the page again. */
function payOnce() {
  const buttons = [...document.querySelectorAll("button.way")];
  document.addEventListener("submit", (event) => {
    if (buttons.some((button) => button.getAttribute("aria-busy") === "true")) event.preventDefault();
    else event.submitter.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => buttons.forEach((button) => button.removeAttribute("aria-busy")));
}

sayOpened();
payOnce();
