// The collection list: the confirming sheet, which its address opens, takes the keyboard; an open menu stays in sight.

/** Keep the page behind an open sheet out of reach, and give the keyboard back to the button that opened it. */
function followSheets() {
  let opened = null;
  const follow = () => {
    const sheet = location.hash.startsWith("#take-") ? document.getElementById(location.hash.slice(1)) : null;
    document.body.style.overflow = sheet ? "hidden" : "";
    if (sheet) {
      opened = sheet;
      sheet.focus({ preventScroll: true });
    } else if (opened) {
      opened.closest(".visit").querySelector("[data-take]").focus({ preventScroll: true });
      opened = null;
    }
  };
  document.addEventListener("keydown", (event) => {
    if (!opened) return;
    if (event.key === "Escape") opened.querySelector("[data-close]").click();
    if (event.key !== "Tab") return;
    const ways = [...opened.querySelectorAll("button, a[data-close]")];
    const at = ways.indexOf(document.activeElement);
    event.preventDefault();
    ways[(at + (event.shiftKey ? -1 : 1) + ways.length) % ways.length].focus();
  });
  window.addEventListener("hashchange", follow);
  follow();
}

/** Scroll until the whole of a menu that was opened stands above the bar at the bottom. */
function showMenus() {
  document.addEventListener("toggle", (event) => {
    if (event.target.matches(".visit details.menu[open]")) event.target.querySelector(".menu-body").scrollIntoView({ block: "nearest" });
  }, true);
}

followSheets();
showMenus();
