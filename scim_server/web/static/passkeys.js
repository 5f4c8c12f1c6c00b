// Asks an authenticator for what a form needs, and sends the form. It talks to nobody else.
"use strict";

(() => {
  const octets = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-")
      .replace(/\//g, "_")
      .replace(/=+$/, "");

  const named = (list) => (list || []).map((each) => ({ ...each, id: octets(each.id) }));

  const create = async (options) => {
    const made = await navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: octets(options.challenge),
        user: { ...options.user, id: octets(options.user.id) },
        excludeCredentials: named(options.excludeCredentials),
      },
    });
    return {
      id: made.id,
      rawId: text(made.rawId),
      type: made.type,
      response: {
        clientDataJSON: text(made.response.clientDataJSON),
        attestationObject: text(made.response.attestationObject),
        transports: made.response.getTransports ? made.response.getTransports() : [],
      },
    };
  };

  const get = async (options) => {
    const found = await navigator.credentials.get({
      publicKey: {
        ...options,
        challenge: octets(options.challenge),
        allowCredentials: named(options.allowCredentials),
      },
    });
    return {
      id: found.id,
      rawId: text(found.rawId),
      type: found.type,
      response: {
        clientDataJSON: text(found.response.clientDataJSON),
        authenticatorData: text(found.response.authenticatorData),
        signature: text(found.response.signature),
        userHandle: found.response.userHandle ? text(found.response.userHandle) : null,
      },
    };
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!window.PublicKeyCredential) {
      continue;
    }
    form.hidden = false;
    const ask = form.dataset.passkey === "create" ? create : get;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const problem = form.querySelector("[data-problem]");
      problem.hidden = true;
      try {
        form.elements.credential.value = JSON.stringify(await ask(JSON.parse(form.dataset.options)));
      } catch (_) {
        problem.hidden = false;
        return;
      }
      form.submit();
    });
  }
})();
