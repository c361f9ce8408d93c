"use strict";

window.addEventListener("load", () => {
  const node = document.getElementById("api-docs");
  window.SwaggerUIBundle({
    url: node.dataset.spec,
    domNode: node,
    deepLinking: true,
    validatorUrl: null,
    presets: [window.SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
  });
});
