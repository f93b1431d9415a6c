// The live preview of a cash payment: the same reading of amounts and the same order, oldest bill first, as on the server.

const BENGALI = "০১২৩৪৫৬৭৮৯";

/** Whole paisa of an amount as typed, Bengali digits and lakh commas allowed; null when it is not an amount above 0. */
export function paisaOf(typed) {
  const plain = typed.trim().replace(/[০-৯]/g, (digit) => String(BENGALI.indexOf(digit))).replace(/^৳\s*/, "").replace(/[,\s]/g, "");
  if (!/^\d{1,9}(\.\d{1,2})?$/.test(plain)) return null;
  const [taka, rest = ""] = plain.split(".");
  const paisa = Number(taka) * 100 + Number(rest.padEnd(2, "0"));
  return paisa > 0 ? paisa : null;
}

/** "৳ 1,00,000.00" of whole paisa, in Bengali digits when asked. */
export function takaText(paisa, bengali) {
  const whole = String(Math.floor(paisa / 100));
  const last = whole.slice(-3);
  const rest = whole.slice(0, -3).replace(/\B(?=(\d{2})+$)/g, ",");
  const text = `৳\u00a0${rest ? `${rest},` : ""}${last}.${String(paisa % 100).padStart(2, "0")}`;
  return bengali ? text.replace(/\d/g, (digit) => BENGALI[digit]) : text;
}

/** Which bills the money settles and what is left: {lines: [{bill, amount, partial}], advance}, in paisa. */
export function settle(paisa, bills) {
  let left = paisa;
  const lines = [];
  for (const bill of bills) {
    if (left <= 0) break;
    const amount = Math.min(left, bill.open);
    if (amount > 0) lines.push({ bill, amount, partial: amount < bill.open });
    left -= amount;
  }
  return { lines, advance: left };
}

/** Keep preview and button in step with the amount and the discount of the form. */
function followAmount(form) {
  const bengali = document.documentElement.dataset.digits === "beng";
  const bills = JSON.parse(form.dataset.openBills);
  const list = form.querySelector("[data-preview]");
  const label = form.querySelector("[data-submit-label]");
  const amount = form.elements.amount;
  const discount = form.elements.discount;
  const fill = form.querySelector("[data-fill-due]");
  const piece = (name) => form.querySelector(`template[data-${name}]`).content.firstElementChild.cloneNode(true);

  const draw = () => {
    const paisa = paisaOf(amount.value);
    // A discount settles too, before the money, so that the money reaches further.
    const given = discount && discount.value ? paisaOf(discount.value) || 0 : 0;
    const rows = [];
    if (paisa !== null) {
      const { lines, advance } = settle(paisa, afterDiscount(bills, given));
      for (const line of lines) {
        const row = piece("line");
        row.querySelector("[data-label]").textContent = line.bill.label;
        row.querySelector("[data-detail]").textContent = line.bill.detail + (line.partial ? ` · ${form.dataset.wordPartial}` : "");
        row.querySelector("[data-amount]").textContent = takaText(line.amount, bengali);
        if (line.partial) {
          const use = row.querySelector("use");
          use.setAttribute("href", use.getAttribute("href").replace(/#.*/, "#circle-dashed"));
        }
        rows.push(row);
      }
      if (advance > 0) {
        const row = piece("advance");
        row.querySelector("[data-amount]").textContent = takaText(advance, bengali);
        rows.push(row);
      }
    }
    list.replaceChildren(...(rows.length ? rows : [piece("nothing")]));
    if (!form.dataset.wordConfirm && paisa !== null) label.textContent = form.dataset.wordReceived.replace("{amount}", takaText(paisa, bengali));
  };

  amount.addEventListener("input", draw);
  if (discount) discount.addEventListener("input", draw);
  if (fill) {
    fill.hidden = false;
    fill.addEventListener("click", () => {
      amount.value = takaText(Number(form.dataset.due), bengali).slice(2);
      draw();
    });
  }
}

/** The open bills once a discount in paisa is off, oldest first. */
function afterDiscount(bills, discount) {
  let left = discount;
  return bills.map((bill) => {
    const off = Math.min(left, bill.open);
    left -= off;
    return { ...bill, open: bill.open - off };
  });
}

for (const form of document.querySelectorAll("form[data-receive]")) followAmount(form);
