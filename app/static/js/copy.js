// Buttons that copy a text of the page, or print it.

/** Show the buttons where the browser lets a page write to its clipboard, and say when it is done. */
function copyTexts() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-copy]")) {
    const source = document.getElementById(button.dataset.copy);
    const word = button.querySelector("[data-word]");
    const said = document.querySelector("[data-copy-said]");
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(source.textContent.trim());
      } catch {
        // A browser that refuses leaves the text chosen, ready for its own copy command.
        getSelection().selectAllChildren(source);
        return;
      }
      word.textContent = button.dataset.wordCopied;
      if (said) said.textContent = button.dataset.wordCopied;
    });
  }
}

/** Show the buttons that print the page. */
function printPages() {
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
}

copyTexts();
printPages();
