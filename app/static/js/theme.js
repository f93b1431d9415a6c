// Sets the colours before the first paint: the choice of the theme switch, else the account's, else the device's.
(function () {
  var root = document.documentElement;
  var saved = root.dataset.theme || "auto";
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function chosen() {
    var kept = "";
    try { kept = localStorage.getItem("sanjog-theme") || ""; } catch (error) { kept = ""; }
    // A choice is kept as "dark@auto": it ends when the account's own setting changes.
    var parts = kept.split("@");
    return parts.length === 2 && parts[1] === saved ? parts[0] : saved;
  }
  function apply() {
    var theme = chosen();
    root.dataset.bsTheme = theme === "auto" ? (dark.matches ? "dark" : "light") : theme;
  }
  apply();
  if (dark.addEventListener) dark.addEventListener("change", apply);
})();
