// Starts Swagger UI as soon as the model can describe itself.
"use strict";

(() => {
  const state = document.getElementById("state");

  const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

  async function ask() {
    try {
      return await fetch("api/model/info", { headers: { Accept: "application/json" } });
    } catch {
      return null; // nobody listens there for now
    }
  }

  async function describe() {
    for (;;) {
      const answer = await ask();
      if (answer !== null && answer.ok) {
        return answer.json();
      }
      if (answer !== null && answer.status !== 503) {
        throw new Error(`the server answers ${answer.status}`);
      }
      state.textContent = answer === null ? "The server does not answer …" : "The model is being loaded …";
      await pause((answer && Number(answer.headers.get("Retry-After"))) || 1);
    }
  }

  // Behind a proxy only the browser knows where the server stands.
  function place(description) {
    const folder = new URL(".", document.baseURI);
    const path = folder.pathname.replace(/\/$/, "");
    return {
      ...description,
      host: folder.host,
      schemes: [folder.protocol.replace(":", "")],
      ...(path && { basePath: path }),
    };
  }

  function show(description) {
    window.SwaggerUIBundle({
      dom_id: "#page",
      spec: place(description),
      validatorUrl: null, // a host outside
      defaultModelsExpandDepth: 0,
      displayRequestDuration: true,
      onComplete: () => state.remove(),
    });
  }

  describe()
    .then(show)
    .catch((error) => {
      state.textContent = `The model cannot be described: ${error.message}`;
    });
})();
