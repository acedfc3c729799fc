// Plotly, loaded when a chart first comes into view, and made to look right inside a shadow root.

const loadingPlotly = new Map(); // address -> promise

/** Resolves to Plotly; rejects when there is no address or the script cannot be had. */
export function loadPlotly(source) {
  if (window.Plotly?.react) return Promise.resolve(window.Plotly);
  if (!source) return Promise.reject(new Error("no address to load Plotly from."));
  if (!loadingPlotly.has(source)) {
    const loading = new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = source;
      script.onload = () => (window.Plotly ? resolve(window.Plotly) : reject(new Error("the script holds no Plotly.")));
      script.onerror = () => reject(new Error(`could not load ${source}.`));
      document.head.append(script);
    });
    loading.catch(() => loadingPlotly.delete(source)); // so that a later try is a new one
    loadingPlotly.set(source, loading);
  }
  return loadingPlotly.get(source);
}

/** Copies the rules Plotly put into the document's head, which do not reach into a shadow root. */
export function adoptPlotlyStyle(root) {
  const sheet = document.getElementById("plotly.js-style-global")?.sheet;
  if (!sheet || root.querySelector("#plotly-style")) return;
  const style = document.createElement("style");
  style.id = "plotly-style";
  style.textContent = [...sheet.cssRules].map((rule) => rule.cssText).join("\n");
  root.append(style);
}
