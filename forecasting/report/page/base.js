// Data, texts, numbers and elements. Everything from the release reaches the page as a text node or an attribute.
const DATA = JSON.parse(document.getElementById("data").textContent);
const NONE = "\u2013";

const kept = (key) => {
  try {
    return localStorage.getItem(`cumulus.${key}`);
  } catch {
    return null;
  }
};
const keep = (key, value) => {
  try {
    localStorage.setItem(`cumulus.${key}`, value);
  } catch {
    /* storage is closed to this page: not remembered */
  }
};

const state = {
  lang: firstLanguage(),
  theme: ["light", "dark"].includes(kept("theme")) ? kept("theme") : "system",
  chosen: {}, // what was picked in a view, as long as the page is open
};

function firstLanguage() {
  const known = { en: 0, zh: 1 };
  const asked = [new URLSearchParams(location.search).get("lang"), kept("lang"), ...(navigator.languages || [])];
  for (const one of asked) {
    const at =
      known[
        String(one || "")
          .slice(0, 2)
          .toLowerCase()
      ];
    if (at !== undefined) return at;
  }
  return 0;
}

// Text of the language, {places} replaced.
function t(key, values = {}) {
  const text = DATA.texts[key][state.lang];
  return text.replace(/\{(\w+)\}/g, (whole, place) => (place in values ? String(values[place]) : whole));
}

// A name out of the tables: the parts that are known are translated.
function nameOf(value) {
  const whole = DATA.texts[`name.${value}`];
  if (whole) return whole[state.lang];
  const parts = String(value)
    .split(/[|@:]+/)
    .filter(Boolean)
    .flatMap((part) => (/^[a-z]\w*(\.\w+)+$/i.test(part) ? part.split(".") : [part]));
  return parts.map((part) => DATA.texts[`name.${part}`]?.[state.lang] ?? part.replaceAll("_", " ")).join(" \u00b7 ");
}

// At the beginning of a line.
const headed = (text) => text.charAt(0).toUpperCase() + text.slice(1);

const titleOf = (item) => item[t("field.title")] || item.id;

// Columns to rows; a time `x` in years gives the month `period` too.
function rowsOf(columns) {
  const names = Object.keys(columns);
  const count = names.length ? columns[names[0]].length : 0;
  return Array.from({ length: count }, (_, at) => {
    const row = {};
    for (const name of names) row[name] = columns[name][at];
    if (row.x) row.period = monthOf(row.x);
    return row;
  });
}

function monthOf(x) {
  const month = Math.floor(12 * x + 0.01);
  return `${Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, "0")}`;
}

// kind: a number of decimals, "%" for shares, "s" for four significant digits, "all" for every one, "+" with its sign,
// "name", "yes" for a tick, "" for texts
function shown(value, kind = "") {
  if (value === null || value === undefined || value === "") return NONE;
  if (kind === "") return String(value);
  if (kind === "name") return nameOf(value);
  if (kind === "yes") return value ? "\u2713" : "\u2717";
  if (kind === "%")
    return value > 0 && value < 0.005 ? "<1 %" : value < 1 && value >= 0.995 ? ">99 %" : `${Math.round(100 * value)} %`;
  if (kind === "+") return (value > 0 ? "+" : "") + shown(value, "s");
  const options =
    kind === "s" || kind === "all"
      ? { maximumSignificantDigits: kind === "s" ? 4 : 8 }
      : { minimumFractionDigits: Number(kind), maximumFractionDigits: Number(kind) };
  const text = new Intl.NumberFormat("en", options).format(value);
  return text.replace(/^-(?=[0.]*$)/, "").replace("-", "\u2212"); // what rounds to zero has no sign
}
const between = (low, high, kind) =>
  low === null || low === undefined ? NONE : t("page.between", { low: shown(low, kind), high: shown(high, kind) });

const SVG = "http://www.w3.org/2000/svg";
function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, one] of Object.entries(value)) node.style.setProperty(key, one);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}
const el = (tag, attributes, ...children) => build(document.createElement(tag), attributes, children);
const shape = (tag, attributes, ...children) => build(document.createElementNS(SVG, tag), attributes, children);

let serial = 0;
const freshId = (what) => `${what}-${++serial}`;

// A labelled select; `options` are [value, text].
function choice(label, options, value, change) {
  const id = freshId("choice");
  const list = el(
    "select",
    { id, onchange: () => change(list.value) },
    options.map(([one, text]) => el("option", { value: one, selected: String(one) === String(value) }, text)),
  );
  return el("div", { class: "choice" }, el("label", { for: id }, label), list);
}

// A table that scrolls by itself where it is too wide; `columns` are [field, title, kind or function to cells].
function tableOf(title, columns, rows) {
  const head = el(
    "tr",
    {},
    columns.map(([, text, kind]) => el("th", { scope: "col", class: numeric(kind) }, text)),
  );
  const body = rows.map((row) =>
    el(
      "tr",
      {},
      columns.map(([field, , kind], at) => {
        const content = typeof kind === "function" ? kind(row) : shown(row[field], kind);
        return at
          ? el("td", { class: classOf(kind, content) }, content)
          : el("th", { scope: "row", class: typeof kind === "function" ? "linked" : classOf(kind, content) }, content);
      }),
    ),
  );
  return el(
    "div",
    { class: "scroll", role: "region", tabindex: 0, "aria-label": title },
    el("table", {}, el("caption", { class: "unseen" }, title), el("thead", {}, head), el("tbody", {}, body)),
  );
}
const short = (content) => typeof content === "string" && content.length < 15;
const classOf = (kind, content) => numeric(kind) ?? (short(content) ? "short" : null);
const numeric = (kind) => (typeof kind === "number" || ["%", "s", "all", "+"].includes(kind) ? "number" : null);

const link = (file) => el("a", { href: file }, file);
const sentence = (text) => el("p", { class: "sentence" }, text);
const section = (title, ...children) => {
  const id = freshId("section");
  return el("section", { class: "card", "aria-labelledby": id }, el("h2", { id }, title), ...children);
};
const heading = (title, lead) => [el("h1", { tabindex: -1 }, title), lead ? el("p", { class: "lead" }, lead) : null];
