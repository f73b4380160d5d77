// Charts: specifications with slots, filled in as forecasting/report/_chart.py does it for the pictures.
function fill(node, values) {
  if (Array.isArray(node)) return node.map((one) => fill(one, values));
  if (node === null || typeof node !== "object") return node;
  const names = Object.keys(node);
  if (names.length === 1 && names[0] === "$") {
    if (!(node.$ in values)) throw new Error(`no value for the slot ${node.$}`);
    return structuredClone(values[node.$]); // Vega-Lite writes into what it is given
  }
  return Object.fromEntries(names.map((name) => [name, fill(node[name], values)]));
}

function draw(kind, data, values) {
  const chart = DATA.charts[kind];
  const sets = Object.fromEntries(Object.entries(data).map(([key, columns]) => [key, rowsOf(columns)]));
  for (const where of chart.names) {
    const [key, column] = where.split(".");
    for (const row of sets[key]) row[column] = nameOf(row[column]);
  }
  const used = chart.legend.filter(([, , key]) => sets[key].length);
  const slots = {
    ...values,
    "legend.domain": used.map(([text]) => values[`text.${text}`]),
    "legend.range": used.map(([, colour]) => values[`colour.${colour}`]),
  };
  for (const where of chart.domains) {
    const [key, column] = where.split(".");
    slots[`domain.${where}`] = [...new Set(sets[key].map((row) => row[column]))];
  }
  const labels = chart.labels.map((where) => where.split(".")).filter(([, column]) => column !== t("field.untitled"));
  const long = labels.some(([key, column]) => sets[key].some((row) => wide(row[column]) > values.label_limit));
  if (values.narrow || long) {
    let lines = 1;
    for (const [key, column] of labels)
      for (const row of sets[key]) {
        row[column] = broken(row[column], values.label_limit);
        lines = Math.max(lines, row[column].split("\n").length);
      }
    Object.assign(slots, lines > 3 ? TALLEST : TALL);
  }
  if (chart.labels.length) slots.height = slots["row.height"] * sets[chart.data[0]].length;
  const spec = fill({ ...DATA.shared, ...chart.spec }, slots);
  spec.layer = spec.layer.filter((one) => !one.data.name || sets[one.data.name].length);
  spec.datasets = Object.fromEntries(chart.data.map((key) => [key, sets[key]]));
  return spec;
}

const texts = () =>
  Object.fromEntries(Object.entries(DATA.texts).map(([key, pair]) => [`text.${key}`, pair[state.lang]]));

// On the page colours are CSS variables, so that light, dark and print need no drawing anew.
function onPage(width) {
  const colours = Object.keys(DATA.colours).map((name) => [`colour.${name}`, `var(--${name})`]);
  return {
    ...texts(),
    ...Object.fromEntries(colours),
    background: null,
    padding: 4,
    title: null,
    font: getComputedStyle(document.body).fontFamily,
    ...measures(width),
  };
}

function measures(width) {
  return {
    width,
    height: width < 480 ? 250 : 330,
    flag_y: (width < 480 ? 250 : 330) - 6,
    ticks: Math.max(3, Math.round(width / 90)),
    legend_columns: Math.max(1, Math.floor(width / 190)),
    label_limit: width - 110,
    narrow: width < 480,
    "row.height": 46,
    "row.label": -10,
    "row.drawn": 8,
  };
}

const TALL = { "row.height": 62, "row.label": -24, "row.drawn": 17 }; // rows with labels in up to three lines
const TALLEST = { "row.height": 76, "row.label": -31, "row.drawn": 24 };
const wide = (text) => [...text].reduce((sum, letter) => sum + (letter > "\u2e7f" ? 12 : 6.4), 0);

// A label in four lines at most; what is left over at the end of the last is cut off.
function broken(label, limit, lines = 4) {
  if (lines === 1 || wide(label) <= limit) return label;
  let at = label.length;
  while (at > 1 && wide(label.slice(0, at)) > limit) at -= 1;
  const space = label.lastIndexOf(" ", at);
  const cut = space > at / 2 ? space : at;
  return `${label.slice(0, cut)}\n${broken(label.slice(cut).trimStart(), limit, lines - 1)}`;
}

// A saved picture is light and says title, caption, unit, vintage and source.
function onPaper(figure) {
  const colours = Object.entries(DATA.colours).map(([name, [light]]) => [`colour.${name}`, light]);
  const title = { text: figure.title, subtitle: [...wrapped(figure.caption), ...provenance(figure)], limit: 900 };
  return {
    ...texts(),
    ...Object.fromEntries(colours),
    background: "#ffffff",
    padding: 20,
    title,
    font: getComputedStyle(document.body).fontFamily,
    ...measures(900),
  };
}

function wrapped(text) {
  const most = state.lang ? 70 : 140;
  const lines = [""];
  for (const word of state.lang ? [...text] : text.split(/(?<= )/)) {
    if (lines.at(-1).length + word.length > most) lines.push("");
    lines[lines.length - 1] += word;
  }
  return lines;
}

const provenance = (figure) => [
  t("page.unit", { unit: figure.unit }),
  `${t("page.as_of", DATA.meta)} \u00b7 ${t("page.run", DATA.meta)} \u00b7 ${t("page.source", { source: figure.source })}`,
];

// Printed is also what has not come into sight.
addEventListener("beforeprint", () => {
  for (const place of document.querySelectorAll(".chart")) if (!place.view) place.redraw();
});

const EMBED = {
  ast: true,
  renderer: "svg",
  actions: false,
  defaultStyle: false,
  tooltip: { disableDefaultStyle: true },
};

// Drawn when they come into sight, and again when their width changes.
const waiting = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) target.redraw();
  },
  { rootMargin: "1200px" },
);
const widths = new ResizeObserver((entries) => {
  for (const { target } of entries)
    if (target.drawn && Math.abs(target.clientWidth - target.drawn) > 4) target.redraw();
});

// A picture with its title, caption, provenance, figures and ways to save it.
// figure: title, kind, data, values, caption, unit, source, columns and rows of its table, file.
function pictureOf(figure) {
  const id = freshId("figure");
  const place = el("div", { class: "chart", role: "img", "aria-label": `${figure.title}. ${figure.caption}` });
  const values = (base) => ({
    ...base,
    unit: figure.unit,
    "unit.x": base.narrow ? null : figure.unit,
    ...(figure.labelled === "whole" ? { label_limit: base.width - 12 } : {}), // nothing stands at the end of its rows
    ...figure.values,
  });
  place.redraw = async () => {
    waiting.unobserve(place);
    place.drawn = place.clientWidth;
    if (!place.drawn) return;
    try {
      const result = await vegaEmbed(place, draw(figure.kind, figure.data, values(onPage(place.drawn))), EMBED);
      place.view?.finalize();
      place.view = result.view;
      place.querySelector("svg").setAttribute("aria-hidden", "true"); // the place has the label, its table the figures
    } catch (error) {
      place.replaceChildren(sentence(t("page.failed")));
      console.error(error);
    }
  };
  waiting.observe(place);
  widths.observe(place);
  const saving = ["png", "svg"].map((kind) =>
    el(
      "button",
      {
        type: "button",
        class: "quiet",
        "aria-label": t("action.save", { kind: kind.toUpperCase(), title: figure.title }),
        onclick: () => save(figure, values, kind),
      },
      t(`action.${kind}`),
    ),
  );
  const details = el("details", { class: "figures" }, el("summary", {}, t("action.table")));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1)
      details.append(
        tableOf(figure.title, figure.columns, figure.rows()),
        figure.file ? el("p", { class: "note" }, fileNote(figure.file)) : "",
      );
  });
  return el(
    "figure",
    { class: "card", "aria-labelledby": id },
    el("h2", { id }, figure.title),
    figure.controls,
    place,
    el(
      "figcaption",
      {},
      el("p", {}, figure.caption),
      provenance(figure).map((line) => el("p", { class: "note" }, line)),
    ),
    el("div", { class: "actions" }, saving),
    details,
  );
}

function fileNote(file) {
  const [before, after] = t("action.all_in").split("{file}");
  return [before, link(file), after];
}

async function save(figure, values, kind) {
  const away = el("div");
  const { view } = await vegaEmbed(away, draw(figure.kind, figure.data, values(onPaper(figure))), EMBED);
  const address =
    kind === "png"
      ? await view.toImageURL("png", 2)
      : URL.createObjectURL(new Blob([await view.toSVG()], { type: "image/svg+xml" }));
  el("a", { href: address, download: `${figure.name || figure.kind}.${kind}` }).click();
  view.finalize();
}
