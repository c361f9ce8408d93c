// The live part of a submission's page. Every event carries the complete state, drawn by the server with the
// same template as the page itself, so a reload, a lost connection and the live view always agree.
"use strict";

(function () {
  const box = document.querySelector("[data-events]");
  if (!box || box.dataset.final === "true" || !window.EventSource) return;
  const spoken = document.querySelector("[data-spoken]");
  const link = document.querySelector("[data-connection]");
  let last = "";
  let lost = 0; // timer of the message that the connection is lost

  let source = null;
  let later = 0;

  // A browser opens only six connections to one server, and a stream holds one. A window that nobody looks at
  // therefore does not keep its stream: it looks in now and then, so that its title still tells the result.
  const HIDDEN_PAUSE_MS = 10000;

  function connect() {
    window.clearTimeout(later);
    if (source || box.dataset.final === "true") return;
    source = new EventSource(box.dataset.events);
    source.addEventListener("open", found);
    source.addEventListener("state", (event) => {
      found();
      show(JSON.parse(event.data));
    });
    source.addEventListener("error", missed);
  }

  function disconnect() {
    if (source) source.close();
    source = null;
  }

  function lookInLater() {
    disconnect();
    window.clearTimeout(later);
    later = window.setTimeout(connect, HIDDEN_PAUSE_MS);
  }

  function show(state) {
    if (state.html !== last) {
      last = state.html;
      box.innerHTML = state.html;
      box.dispatchEvent(new Event("grader:replaced", { bubbles: true }));
    }
    if (spoken.textContent !== state.spoken) spoken.textContent = state.spoken;
    if (state.title) document.title = state.title;
    if (state.final) {
      box.dataset.final = "true";
      disconnect();
      refreshSide();
    } else if (document.hidden) {
      lookInLater();
    }
  }

  // The column beside the state (attempts, runs) is drawn once, with the page; the result changes it.
  async function refreshSide() {
    const answer = await fetch(window.location.href, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!answer || !answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const side = document.querySelector("[data-side]");
    const fresh = page.querySelector("[data-side]");
    if (!side || !fresh || side.contains(document.activeElement)) return;
    side.replaceChildren(...fresh.childNodes);
    side.dispatchEvent(new Event("grader:replaced", { bubbles: true }));
  }

  function found() {
    window.clearTimeout(lost);
    lost = 0;
    link.hidden = true;
  }

  // The browser reconnects by itself; say so only when it takes long enough to be noticed.
  function missed() {
    if (source && source.readyState === EventSource.CLOSED) {
      // A refusal (signed out, service being replaced) is never tried again by the browser itself.
      disconnect();
      later = window.setTimeout(connect, 5000);
    }
    if (!lost) lost = window.setTimeout(() => { link.hidden = false; }, 4000);
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) lookInLater();
    else connect();
  });
  window.addEventListener("pagehide", disconnect);
  window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
  connect();
})();
