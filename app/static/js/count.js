// The running sum of a cash count, and what is missing or too much against the books.

import { paisaOf, takaText } from "./receive.js";

const BENGALI = "০১২৩৪৫৬৭৮৯";

/** How many pieces a text says, Bengali digits allowed; 0 when it says none or nonsense. */
export function piecesOf(typed) {
  const plain = typed.trim().replace(/[০-৯]/g, (digit) => String(BENGALI.indexOf(digit)));
  return /^\d{1,5}$/.test(plain) ? Number(plain) : 0;
}

/** Keep the amounts, the sum and the difference in step with what is typed. */
function followCount(form) {
  const bengali = document.documentElement.dataset.digits === "beng";
  const expected = Number(form.dataset.expected);
  const inputs = [...form.querySelectorAll("[data-piece], [data-coins]")];
  const sum = form.querySelector("[data-sum]");
  const difference = form.querySelector("[data-difference]");
  const worth = (input) => ("piece" in input.dataset ? piecesOf(input.value) * Number(input.dataset.piece) : paisaOf(input.value) || 0);

  const draw = () => {
    let counted = 0;
    for (const input of inputs) {
      const paisa = worth(input);
      counted += paisa;
      input.closest("tr").querySelector("[data-worth]").textContent = paisa ? takaText(paisa, bengali) : "";
    }
    sum.textContent = takaText(counted, bengali);
    const off = counted - expected;
    const word = off === 0 ? form.dataset.wordEven : off < 0 ? form.dataset.wordShort : form.dataset.wordOver;
    difference.textContent = word.replace("{amount}", takaText(Math.abs(off), bengali));
    difference.className = `num ${off === 0 ? "ok" : off < 0 ? "due" : "warn"}`;
    difference.hidden = !inputs.some((input) => input.value);
  };

  form.addEventListener("input", draw);
  draw();
}

for (const form of document.querySelectorAll("form[data-count]")) followCount(form);
