// Keeps a page of figures up to date: fetches it again now and then and exchanges the part that changes.
// A window that nobody looks at, opened details and whatever has the focus are left alone.
"use strict";

(function () {
  const PAUSE_MS = 15000;
  const box = document.querySelector("[data-live]");
  if (!box) return;
  const told = document.querySelector("[data-refreshed]");
  let last = box.innerHTML;

  function keptOpen(root) {
    return new Set([...root.querySelectorAll("details[data-keep][open]")].map((d) => d.dataset.keep));
  }

  async function refresh() {
    if (document.hidden || box.contains(document.activeElement)) return;
    const answer = await fetch(window.location.href, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!answer || !answer.ok || answer.redirected) {
      if (told) {
        told.hidden = false;
        told.textContent = "These figures could not be brought up to date. Trying again.";
      }
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-live]");
    if (!fresh || box.contains(document.activeElement)) return;
    if (fresh.innerHTML !== last) {
      last = fresh.innerHTML;
      const open = keptOpen(box);
      box.innerHTML = last;
      for (const details of box.querySelectorAll("details[data-keep]")) details.open = open.has(details.dataset.keep);
      box.dispatchEvent(new Event("grader:replaced", { bubbles: true }));
    }
    if (told) {
      told.hidden = false;
      told.textContent = `Up to date at ${new Date().toLocaleTimeString()}`;
    }
  }

  window.setInterval(refresh, PAUSE_MS);
})();
