// Launches from a learning platform, in a frame where the browser may keep no cookie of ours: the platform's storage
// (LTI Client Side postMessages), else a window of our own.
"use strict";

(function () {
  const PATIENCE_MS = 2000;

  for (const form of document.querySelectorAll("form[data-send]")) form.submit();

  for (const button of document.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => {
      (window.opener || window.parent).postMessage({ subject: "org.imsglobal.lti.close" }, "*");
    });
  }

  const box = document.querySelector("[data-lti]");
  if (!box) return;
  const data = box.dataset;

  // The frame that keeps things for us: the platform's page, or a frame of it that it names.
  function keeper() {
    const up = window.opener || window.parent;
    if (!data.target || data.target === "_parent") return up;
    try {
      return up.frames[data.target] || up;
    } catch (error) {
      return up;
    }
  }

  // Resolves with the answer to one message, or with null when none comes.
  function ask(message) {
    return new Promise((resolve) => {
      const id = "grader-" + Math.random().toString(36).slice(2);
      const timer = window.setTimeout(() => finish(null), PATIENCE_MS);
      function listen(event) {
        const answer = event.data;
        if (event.origin !== data.origin || !answer || answer.message_id !== id) return;
        if (answer.subject === message.subject + ".response") finish(answer.error ? null : answer);
      }
      function finish(answer) {
        window.clearTimeout(timer);
        window.removeEventListener("message", listen);
        resolve(answer);
      }
      window.addEventListener("message", listen);
      try {
        keeper().postMessage(Object.assign({ message_id: id }, message), data.origin);
      } catch (error) {
        finish(null);
      }
    });
  }

  function show(name) {
    for (const part of box.querySelectorAll("[data-part]")) part.hidden = part.dataset.part !== name;
  }

  async function cookieKept() {
    try {
      const answer = await fetch(data.check, { credentials: "same-origin", cache: "no-store" });
      return (await answer.json()).kept === true;
    } catch (error) {
      return false;
    }
  }

  async function put() {
    if (await cookieKept()) return window.location.replace(data.next);
    if (data.storage === "yes") {
      const answer = await ask({ subject: "lti.put_data", key: data.key, value: data.value });
      if (answer && answer.value === data.value) return window.location.replace(data.next);
    }
    return show("window");
  }

  async function get() {
    const form = box.querySelector("form");
    if (await cookieKept()) return form.submit();
    const answer = await ask({ subject: "lti.get_data", key: data.key });
    if (!answer || typeof answer.value !== "string" || !answer.value) return show("failed");
    form.elements.browser.value = answer.value;
    return form.submit();
  }

  if (data.lti === "put") put();
  if (data.lti === "get") get();
})();
