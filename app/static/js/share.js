// The phone's own share sheet, for a text and an address of the page.

/** Show the button where the phone has a share sheet, and open it. */
function shareTexts() {
  if (!navigator.share) return;
  for (const button of document.querySelectorAll("[data-share]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.share({ text: button.dataset.share, url: button.dataset.url });
      } catch (problem) {
        // Who closes the sheet has changed their mind.
        if (problem.name !== "AbortError") throw problem;
      }
    });
  }
}

shareTexts();
