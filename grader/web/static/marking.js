// Marking by keyboard, the sum of the criteria, and a draft that survives an expired session or a closed window.
"use strict";

(function () {
  const box = document.querySelector("[data-marking]");
  if (!box) return;
  const form = box.querySelector("form");
  const points = form.elements.points;
  const comment = form.elements.comment;
  const ticks = [...form.querySelectorAll("[data-points]")];
  const told = form.querySelector("[data-draft-note]");
  const key = `grader:${box.dataset.draft}`;
  form.querySelector("[data-keys]").hidden = false;

  function sum() {
    const most = Number(points.dataset.most);
    const total = ticks.filter((t) => t.checked).reduce((s, t) => s + Number(t.dataset.points), 0);
    points.value = String(Math.round(Math.min(Math.max(total, 0), most) * 100) / 100);
  }

  function state() {
    return { points: points.value, comment: comment.value, criteria: ticks.filter((t) => t.checked).map((t) => t.value) };
  }

  const begun = JSON.stringify(state());

  function keep() {
    const now = JSON.stringify(state());
    try {
      if (now === begun) window.localStorage.removeItem(key);
      else window.localStorage.setItem(key, JSON.stringify({ revision: box.dataset.revision, state: state() }));
    } catch { /* private windows keep nothing; then there is no draft */ }
  }

  function restore() {
    let draft = null;
    try { draft = JSON.parse(window.localStorage.getItem(key) || "null"); } catch { return; }
    // Once somebody has saved a newer mark, the draft was either sent or is out of date.
    if (!draft || draft.revision !== box.dataset.revision || JSON.stringify(draft.state) === begun) {
      window.localStorage.removeItem(key);
      return;
    }
    points.value = draft.state.points;
    comment.value = draft.state.comment;
    for (const t of ticks) t.checked = draft.state.criteria.includes(t.value);
    told.hidden = false;
    told.textContent = "This was typed here before and not saved yet.";
  }

  function insert(text) {
    comment.value = comment.value ? `${comment.value.trimEnd()}\n${text}` : text;
    keep();
  }

  form.addEventListener("change", (event) => { if (event.target.matches("[data-points]")) sum(); keep(); });
  form.addEventListener("input", keep);
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (button) insert(button.textContent);
  });
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault(); // a second click while the first is on its way
    sent = true;
  });
  window.addEventListener("pageshow", () => { sent = false; });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("textarea, input:not([type=checkbox]), select")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const tick = /^[1-9]$/.test(event.key) ? ticks[Number(event.key) - 1] : null;
    const link = { j: "[data-next]", k: "[data-previous]" }[event.key];
    const field = { c: comment, p: points }[event.key];
    if (tick) { tick.checked = !tick.checked; sum(); keep(); }
    else if (link) { const a = form.querySelector(link); if (a) a.click(); }
    else if (field) field.focus();
    else return;
    event.preventDefault();
  });

  restore();
})();
