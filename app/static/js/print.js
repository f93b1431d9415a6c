// Opens the system's print dialog once the paper's picture is there, and again at a tap.

const picture = document.querySelector(".roll");
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
if (picture) picture.decode().then(() => window.print(), () => {});
