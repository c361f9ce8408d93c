// Times are sent in UTC; show them in the reader's own time zone. Without script the UTC text stays.
"use strict";

// The server reads this zone: for what it says in sentences, and for what is typed into forms (grader/web/zones.py).
document.cookie = `zone=${Intl.DateTimeFormat().resolvedOptions().timeZone}; path=/; max-age=31536000; samesite=lax`;

function localTimes(root) {
  const form = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const node of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(node.dateTime);
    if (!Number.isNaN(moment.getTime())) {
      node.title = node.dataset.utc || node.textContent;
      node.dataset.utc = node.title;
      node.textContent = form.format(moment);
    }
  }
}

localTimes(document);
document.addEventListener("grader:replaced", (event) => localTimes(event.target));
