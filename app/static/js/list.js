// Lists: filters that read their choices when opened and apply as they are chosen, addresses without empty parts, all rows chosen at once.

/** Send a filter form when a choice is made, and leave out what is empty. */
function followFilters() {
  for (const form of document.querySelectorAll("form[data-filters]")) {
    form.addEventListener("submit", () => {
      const empty = [...form.elements].filter((field) => field.name && !field.value && !field.disabled);
      for (const field of empty) field.disabled = true;
      // Enabled again after the address is made, for the browser's way back.
      setTimeout(() => empty.forEach((field) => { field.disabled = false; }));
    });
    form.addEventListener("click", (event) => {
      // A radio chosen by pointer is a decision; by arrow keys it is a step, which reports no detail.
      if (event.target.type === "radio" && event.detail > 0) form.requestSubmit();
    });
    form.addEventListener("change", (event) => {
      if (event.target.tagName === "SELECT") form.requestSubmit();
    });
  }
}

/** Bring the choices of a filter that is opened, from the page that shows them; its link stays where that fails. */
function bringChoices() {
  // Opening is not told to what stands around it, only on the way down.
  document.addEventListener("toggle", async (event) => {
    const body = event.target.open ? event.target.querySelector("[data-choices]") : null;
    if (!body || body.ariaBusy === "true") return;
    body.ariaBusy = "true";
    try {
      const answer = await fetch(body.dataset.choices, { credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const brought = page.querySelector(`[data-filter="${body.dataset.filter}"]:not([data-choices])`);
      if (brought) body.replaceWith(brought);
    } catch {
      // No connection: the link is tried again by hand.
    } finally {
      body.ariaBusy = "false";
    }
  }, true);
}

/** Show the box that chooses all rows of a page. */
function pickAllRows() {
  for (const all of document.querySelectorAll("[data-pick-all]")) {
    all.hidden = false;
    const boxes = [...all.closest("table").querySelectorAll("tbody input[name=ids]")];
    const bar = document.getElementById("bulk");
    const follow = () => bar.classList.toggle("chosen", boxes.some((box) => box.checked));
    all.addEventListener("change", () => {
      boxes.forEach((box) => { box.checked = all.checked; });
      follow();
    });
    for (const box of boxes) {
      box.addEventListener("change", () => {
        all.checked = boxes.every((one) => one.checked);
        all.indeterminate = !all.checked && boxes.some((one) => one.checked);
        follow();
      });
    }
  }
}

followFilters();
bringChoices();
pickAllRows();
