// Passkeys: a form asks the server what to sign, the browser signs it, the form carries the answer.

/** Return the bytes of a base64url text. */
function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

/** Return bytes as base64url text; nothing for nothing. */
function text(buffer) {
  if (!buffer) return undefined;
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

// parseCreationOptionsFromJSON and toJSON would do this, but browsers older than 2025 know neither.
function opened(options) {
  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  if (options.excludeCredentials) options.excludeCredentials = known(options.excludeCredentials);
  if (options.allowCredentials) options.allowCredentials = known(options.allowCredentials);
  return options;
}

function told(credential) {
  const said = credential.response;
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment || undefined,
    clientExtensionResults: {},
    response: {
      clientDataJSON: text(said.clientDataJSON),
      attestationObject: text(said.attestationObject),
      authenticatorData: text(said.authenticatorData),
      signature: text(said.signature),
      userHandle: text(said.userHandle),
      transports: said.getTransports ? said.getTransports() : undefined,
    },
  };
}

async function ask(form) {
  const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
  const answer = await fetch(form.dataset.options, { method: "POST", body });
  if (!answer.ok) throw new Error(`options: ${answer.status}`);
  const publicKey = opened(await answer.json());
  return told(await navigator.credentials[form.dataset.passkey]({ publicKey }));
}

/** Show the forms where the browser knows passkeys, and let it answer before they are sent. */
function offerPasskeys() {
  if (!window.PublicKeyCredential || !navigator.credentials) return;
  for (const note of document.querySelectorAll("[data-passkey-none]")) note.hidden = true;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const field = form.querySelector("[data-credential]");
    const button = form.querySelector("button:not([type=button])");
    const say = (name) => {
      for (const line of form.querySelectorAll("[data-passkey-failed], [data-passkey-known]")) line.hidden = !name || !line.matches(`[data-passkey-${name}]`);
    };
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      if (field.value) return;
      event.preventDefault();
      say("");
      button.disabled = true;
      try {
        field.value = JSON.stringify(await ask(form));
      } catch (problem) {
        say(problem.name === "InvalidStateError" ? "known" : "failed");
      }
      button.disabled = false;
      if (field.value) form.requestSubmit(button);
    });
  }
  window.addEventListener("pageshow", () => {
    for (const field of document.querySelectorAll("[data-credential]")) field.value = "";
  });
}

offerPasskeys();
