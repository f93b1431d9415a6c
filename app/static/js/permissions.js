// Special Permissions: what is added and removed shows while boxes are ticked, so that one sending saves.

const BENGALI = "০১২৩৪৫৬৭৮৯";

/** A sentence with its {words} filled in; numbers in the reader's digits. */
export function sentence(pattern, words, bengali) {
  return pattern.replace(/\{(\w+)\}/g, (whole, name) => {
    if (!(name in words)) return whole;
    const text = String(words[name]);
    return bengali ? text.replace(/\d/g, (digit) => BENGALI[digit]) : text;
  });
}

/** Keep counts, badges, the list of differences and the button in step with the boxes of the form. */
function followBoxes(form) {
  const bengali = document.documentElement.dataset.digits === "beng";
  const boxes = [...form.querySelectorAll("[data-key]")];
  const total = document.querySelector("[data-keys]");
  const save = form.querySelector("[data-save]");
  const undo = form.querySelector("[data-undo]");
  const summary = form.querySelector("[data-summary]");
  const said = form.querySelector("[data-said]");
  const piece = form.querySelector("template[data-line]").content.firstElementChild;
  const say = (word, words) => sentence(form.dataset[word], words, bengali);
  const held = (box) => "held" in box.dataset;

  const list = (name, keys) => {
    const part = form.querySelector(`[data-list=${name}]`);
    const word = say(name === "added" ? "wordAdded" : "wordRemoved", { number: keys.length });
    part.hidden = !keys.length;
    part.querySelector("[data-number]").textContent = word;
    part.querySelector("ul").replaceChildren(...keys.map((box) => {
      const line = piece.cloneNode(true);
      line.querySelector("[data-label]").textContent = box.dataset.label;
      line.querySelector("[data-name]").textContent = box.dataset.key;
      return line;
    }));
    return keys.length ? word : "";
  };

  const draw = () => {
    const added = boxes.filter((box) => box.checked && !held(box));
    const removed = boxes.filter((box) => !box.checked && held(box));
    const number = added.length + removed.length;
    for (const box of boxes) {
      const row = box.closest(".key");
      row.querySelector("[data-added]").hidden = !added.includes(box);
      row.querySelector("[data-removed]").hidden = !removed.includes(box);
    }
    for (const section of form.querySelectorAll("[data-section]")) {
      const own = [...section.querySelectorAll("[data-key]")];
      section.querySelector("[data-count]").textContent = say("wordCount", { count: own.filter((box) => box.checked).length, all: own.length });
    }
    const now = boxes.filter((box) => box.checked).length;
    const before = boxes.filter(held).length;
    total.textContent = say(now === before ? "wordCount" : "wordKeys", { count: now, before, after: now, all: boxes.length });
    form.querySelector("[data-nothing]").hidden = number > 0;
    summary.textContent = [list("added", added), list("removed", removed)].filter(Boolean).join(", ");
    summary.hidden = !number;
    said.textContent = summary.textContent || form.dataset.wordNothing;
    save.textContent = number ? say(number === 1 ? "wordSaveOne" : "wordSaveMore", { number }) : form.dataset.wordNothing;
    save.disabled = !number;
    undo.hidden = !number;
  };

  // The sending says that the difference was seen; as the button's own value it does not make the form look changed.
  save.name = "seen";
  save.value = "1";
  form.addEventListener("change", draw);
  undo.addEventListener("click", (event) => {
    event.preventDefault();
    for (const box of boxes) box.checked = held(box);
    draw();
    form.querySelector("h2").scrollIntoView({ block: "nearest" });
  });
  draw();
}

for (const form of document.querySelectorAll("form[data-permissions]")) followBoxes(form);
