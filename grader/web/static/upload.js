// Drag and drop, the size check before the upload, and a button that cannot be pressed twice.
// The form works the same without this file.
"use strict";

(function () {
  const form = document.querySelector("form[data-upload]");
  if (!form) return;
  const input = form.querySelector("input[type=file]");
  const zone = form.querySelector(".drop");
  const chosen = form.querySelector("[data-chosen]");
  const problem = form.querySelector("[data-problem]");
  const button = form.querySelector("button[type=submit]");
  const label = button.textContent;
  const mostBytes = Number(form.dataset.mostBytes);

  function size(bytes) {
    return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
  }

  function say(text) {
    problem.textContent = text;
    problem.hidden = !text;
    zone.classList.toggle("is-invalid", Boolean(text));
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }

  function refusal(file) {
    if (!file) return "Choose a notebook file (.ipynb) first.";
    if (mostBytes && file.size > mostBytes) {
      return `${file.name} has ${size(file.size)}; at most ${size(mostBytes)} are accepted. ` +
        "Clear the outputs of the notebook (Edit, Clear all outputs), save it and upload it again.";
    }
    return "";
  }

  function show() {
    const file = input.files[0];
    chosen.textContent = file ? `${file.name} (${size(file.size)})` : "";
    zone.classList.toggle("has-file", Boolean(file));
    say(file ? refusal(file) : "");
  }

  input.addEventListener("change", show);

  let depth = 0;
  zone.addEventListener("dragenter", (event) => { event.preventDefault(); depth += 1; zone.classList.add("over"); });
  zone.addEventListener("dragleave", () => { depth -= 1; if (depth <= 0) zone.classList.remove("over"); });
  zone.addEventListener("dragover", (event) => event.preventDefault());
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    zone.classList.remove("over");
    const files = event.dataTransfer.files;
    if (files.length !== 1) {
      say("Drop one notebook file.");
      return;
    }
    input.files = files;
    show();
    button.focus();
  });

  form.addEventListener("submit", (event) => {
    const text = refusal(input.files[0]);
    if (text) {
      event.preventDefault();
      say(text);
      input.focus();
      return;
    }
    button.disabled = true;
    button.textContent = "Uploading…";
  });

  // Coming back with the browser's back button must not find a dead form.
  window.addEventListener("pageshow", () => { button.disabled = false; button.textContent = label; if (input.files[0]) show(); });
})();
