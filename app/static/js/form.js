// Forms: one sending per tap, a question before what was typed is lost, passwords that can be shown.

/** Let every POST form be sent once; shows progress on the button until the next page, or the way back, arrives. */
function sendOnce() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    const button = event.submitter;
    if (!button) return;
    button.setAttribute("aria-busy", "true");
    if (button.dataset.busy) {
      button.dataset.label = button.innerHTML;
      button.textContent = button.dataset.busy;
    }
  });
  // The browser's way back shows the page as it was left: ready to be sent again.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    for (const button of document.querySelectorAll("[aria-busy=true]")) {
      button.removeAttribute("aria-busy");
      if (button.dataset.label) button.innerHTML = button.dataset.label;
    }
  });
}

/** Ask before a page is left whose form has been changed and not sent. */
function askBeforeLeaving() {
  const forms = [...document.querySelectorAll("form[data-ask-before-leaving]")];
  if (!forms.length) return;
  const said = (form) => JSON.stringify([...new FormData(form)].map(([name, value]) => [name, typeof value === "string" ? value : value.name]));
  const first = new Map(forms.map((form) => [form, said(form)]));
  window.addEventListener("beforeunload", (event) => {
    if (!forms.some((form) => !form.dataset.sent && said(form) !== first.get(form))) return;
    event.preventDefault();
    event.returnValue = "";
  });
}

/** Show the buttons that make a typed password readable. */
function revealPasswords() {
  for (const button of document.querySelectorAll("[data-reveal]")) {
    const input = document.getElementById(button.dataset.reveal);
    if (!input) continue;
    button.hidden = false;
    button.addEventListener("click", () => {
      const shown = input.type === "password";
      input.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", String(shown));
      const use = button.querySelector("use");
      use.setAttribute("href", use.getAttribute("href").replace(/#.*/, shown ? "#eye-off" : "#eye"));
    });
  }
}

/** Say in the words of the page which file is chosen; without a script the browser's own control says it. */
function nameFiles() {
  for (const box of document.querySelectorAll("[data-filed]")) {
    const [input, face] = box.children;
    const said = face.lastElementChild;
    const nothing = said.textContent;
    const show = () => { said.textContent = [...input.files].map((file) => file.name).join(", ") || nothing; };
    face.hidden = false;
    box.classList.add("drawn");
    input.addEventListener("change", show);
    show();
  }
}

sendOnce();
nameFiles();
askBeforeLeaving();
revealPasswords();
