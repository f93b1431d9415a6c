// A job's page: asks how far it is, and loads itself anew when the job has ended.

const SECONDS = 1;
const SECONDS_AFTER_A_MISS = 5;

/** Ask for the state of the job until it has ended; a network that is away for a while is no end. */
function follow(box) {
  const say = (name, text) => {
    const place = box.querySelector(`[data-${name}]`);
    if (place && place.textContent !== text) place.textContent = text;
  };
  const look = async () => {
    try {
      const answer = await fetch(box.dataset.job, { headers: { Accept: "application/json" } });
      if (answer.redirected || !answer.ok) {
        window.location.reload();
        return;
      }
      const now = await answer.json();
      if (!now.unfinished) {
        window.location.reload();
        return;
      }
      box.querySelector("[data-bar]").value = now.percent;
      say("label", now.label);
      say("count", now.count);
      say("left", now.left);
      window.setTimeout(look, SECONDS * 1000);
    } catch {
      window.setTimeout(look, SECONDS_AFTER_A_MISS * 1000);
    }
  };
  window.setTimeout(look, SECONDS * 1000);
}

for (const box of document.querySelectorAll("[data-job]")) follow(box);
