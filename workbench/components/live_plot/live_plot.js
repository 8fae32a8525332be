// Draws data.figure with Plotly.react: the same element is updated, so nothing flickers and the zoom stays.
let plotly;

function load(source) {
  plotly ??= new Promise((resolve, reject) => {
    if (window.Plotly) return resolve(window.Plotly);
    const script = document.createElement("script");
    script.src = source;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("plotly.js could not be loaded"));
    document.head.append(script);
  });
  return plotly;
}

// Colours of the theme as they are now; Plotly cannot read CSS variables.
function theme(element) {
  const style = getComputedStyle(element);
  const read = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
  return {
    text: read("--st-text-color", "#222"),
    primary: read("--st-primary-color", "#1f6f8b"),
    line: read("--st-border-color", "rgba(128, 128, 128, .3)"),
    font: read("--st-font", "sans-serif"),
  };
}

// Plotly takes some HTML in texts, links too: of names nothing but the line breaks and bold type of ours may be left.
const TAGS = /<(?!\/?(?:br|b|i|sub|sup|extra)>)/g;
const plain = (text) => text.replace(TAGS, "&lt;");

function themed(traces, colours) {
  return JSON.parse(JSON.stringify(traces), (key, value) =>
    typeof value !== "string" ? value
      : key === "color" && (value === "text" || value === "primary") ? colours[value] : plain(value));
}

function layout(figure, colours, height) {
  const axis = { gridcolor: colours.line, zerolinecolor: colours.line, linecolor: colours.line, automargin: true };
  const own = themed(figure.layout ?? {}, colours);
  const axes = {};
  for (const name of new Set(["xaxis", "yaxis", ...Object.keys(own).filter((n) => /^[xy]axis/.test(n))])) {
    axes[name] = { ...axis, ...own[name] };
  }
  return {
    uirevision: "keep",
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 46, r: 16, t: 34, b: 38 },
    showlegend: false,
    hovermode: "closest",
    ...own,
    font: { color: colours.text, family: colours.font, size: 12 },
    height,
    ...axes,
  };
}

const asGiven = (value) => typeof value === "string" ? value.replaceAll("&lt;", "<") : value;

// Listens once an element: Plotly.react keeps it, and with it what listens.
function report(element, setTriggerValue) {
  element.clicked = (point) => setTriggerValue("clicked", {
    x: asGiven(point.x), y: asGiven(point.y), name: asGiven(point.data.name ?? ""), of: asGiven(point.customdata ?? null),
  });
  if (element.listens) return;
  element.listens = true;
  element.on("plotly_click", ({ points }) => { if (points.length) element.clicked(points[0]); });
}

export default function ({ parentElement, data, setTriggerValue }) {
  const element = parentElement.querySelector(".live-plot");
  element.style.height = `${data.height}px`;
  element.setAttribute("aria-label", data.figure.description ?? "chart");
  let stopped = false, sized;
  load(data.source).then((Plotly) => {
    if (stopped) return;
    const draw = () => {
      const colours = theme(element);
      Plotly.react(element, themed(data.figure.data, colours), layout(data.figure, colours, data.height), {
        responsive: true, displaylogo: false, modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d", "sendChartToCloud"],
        toImageButtonOptions: { filename: "chart" },
      });
      if (data.clickable) report(element, setTriggerValue);
    };
    draw();
    // Also when a tab that was drawn hidden is opened; Plotly's own `responsive` follows the window alone.
    sized = new ResizeObserver(() => { if (element.offsetWidth) Plotly.Plots.resize(element); });
    sized.observe(element);
  }).catch((error) => { element.textContent = error.message; });
  return () => { stopped = true; sized?.disconnect(); };
}
