// The first page: the next release of every indicator.
const PER_PAGE = 25;
const IN_CHART = 30;
const ITEMS = rowsOf(DATA.board);
const BY_ID = new Map(ITEMS.map((item) => [item.id, item]));
const itemTitle = (id) => (BY_ID.has(id) ? titleOf(BY_ID.get(id)) : id);
const itemLink = (id) => el("a", { href: `#/indicator/${encodeURIComponent(id)}` }, itemTitle(id));

const last = (text) => text || "9999"; // what has no day comes after what has one
const ORDERS = {
  due: (a, b) => last(a.next_due).localeCompare(last(b.next_due)),
  up: (a, b) => (b.p_above ?? -1) - (a.p_above ?? -1),
  down: (a, b) => (a.p_above ?? 2) - (b.p_above ?? 2),
  catalogue: () => 0,
  name: (a, b) => titleOf(a).localeCompare(titleOf(b), t("field.language")),
};

function boardView() {
  const picked = (state.chosen.board ??= { filter: "", role: "", order: "due", page: 0 });
  const list = el("div");
  const status = el("p", { class: "note", role: "status" });
  const show = () => {
    const words = picked.filter.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (item) =>
      words.every((word) =>
        `${item.id} ${item.title_en} ${item.title_zh} ${item.region} ${item.sector}`.toLowerCase().includes(word),
      );
    const found = ITEMS.filter((item) => (!picked.role || item.role === picked.role) && fits(item)).sort(
      ORDERS[picked.order],
    );
    const pages = Math.max(1, Math.ceil(found.length / PER_PAGE));
    picked.page = Math.min(picked.page, pages - 1);
    const page = found.slice(picked.page * PER_PAGE, (picked.page + 1) * PER_PAGE);
    status.textContent = t("action.shown", { n: found.length, total: ITEMS.length });
    list.replaceChildren(found.length ? boardTable(page) : sentence(t("board.nothing")), ...pager(picked, pages, show));
  };
  const filter = el("input", {
    id: "filter",
    type: "search",
    placeholder: t("action.filter_hint"),
    value: picked.filter,
    autocomplete: "off",
    oninput: () => {
      picked.filter = filter.value;
      picked.page = 0;
      show();
    },
  });
  const roles = [...new Set(ITEMS.map((item) => item.role))].filter(Boolean);
  const again = (field) => (value) => {
    picked[field] = value;
    picked.page = 0;
    show();
  };
  show();
  const forecast = ITEMS.filter((item) => item.period);
  return [
    ...heading(t("board.title"), t("board.lead")),
    missingNote(),
    el(
      "div",
      { class: "controls", role: "search" },
      el("div", { class: "choice" }, el("label", { for: "filter" }, t("action.filter")), filter),
      choice(
        t("action.role"),
        [["", t("action.all")], ...roles.map((role) => [role, nameOf(role)])],
        picked.role,
        again("role"),
      ),
      choice(
        t("action.sort"),
        Object.keys(ORDERS).map((order) => [order, t(`board.sort_${order}`)]),
        picked.order,
        again("order"),
      ),
    ),
    status,
    list,
    forecast.length ? boardPicture(forecast) : sentence(t("board.empty")),
  ];
}

function missingNote() {
  const n = DATA.provenance.missing.length;
  return n
    ? el("p", { class: "warning" }, t("page.incomplete", { n }), " ", el("a", { href: "#/about" }, t("page.read_more")))
    : null;
}

function pager(picked, pages, show) {
  if (pages < 2) return [];
  const turn = (by, text) =>
    el(
      "button",
      {
        type: "button",
        disabled: picked.page + by < 0 || picked.page + by >= pages,
        onclick: () => {
          picked.page += by;
          show();
          document.querySelector(".board a")?.focus();
        },
      },
      text,
    );
  return [
    el(
      "div",
      { class: "pager", role: "group", "aria-label": t("action.page_of", { page: picked.page + 1, pages }) },
      turn(-1, t("action.previous")),
      el("span", {}, t("action.page_of", { page: picked.page + 1, pages })),
      turn(1, t("action.next")),
    ),
  ];
}

// Roles are stated because the rows become cards on a narrow screen.
function boardTable(items) {
  const columns = ["indicator", "due", "last", "q50", "bands", "odds", "p_above"];
  const cell = (column, ...content) =>
    el(
      "div",
      { role: "cell", class: `cell ${column}` },
      el("span", { class: "label", "aria-hidden": "true" }, t(`column.${column}`)),
      el("span", { class: "content" }, ...content),
    );
  const head = el(
    "div",
    { role: "row", class: "row head" },
    columns.map((column) => el("div", { role: "columnheader", class: `cell ${column}` }, t(`column.${column}`))),
  );
  const rows = items.map((item) =>
    el(
      "div",
      { role: "row", class: "row" },
      el(
        "div",
        { role: "rowheader", class: "cell indicator" },
        itemLink(item.id),
        el("span", { class: "note" }, item.period || t("board.none"), " \u00b7 ", item.id),
      ),
      cell(
        "due",
        item.next_due || NONE,
        item.days_late > 0 ? el("span", { class: "pill bad" }, t("board.late", { n: item.days_late })) : null,
      ),
      cell("last", shown(item.last, item.decimals)),
      cell("q50", el("strong", {}, shown(item.q50, item.decimals))),
      cell("bands", ...bandLines(item)),
      cell("odds", oddsPicture(item) || NONE),
      cell("p_above", chance(item.p_above)),
    ),
  );
  return el(
    "div",
    { class: "board card", role: "table", "aria-label": t("board.title") },
    el("div", { role: "rowgroup" }, head),
    el("div", { role: "rowgroup" }, rows),
  );
}

const bandLines = (item) =>
  [
    ["50 %", item.q25, item.q75],
    ["90 %", item.q05, item.q95],
  ].map(([width, low, high]) =>
    el("span", { class: "line" }, el("span", { class: "note" }, width), " ", between(low, high, item.decimals)),
  );

function chance(p) {
  if (p === null) return NONE;
  const bar = shape(
    "svg",
    { class: "chance", viewBox: "0 0 60 8", "aria-hidden": "true" },
    shape("rect", { width: 60, height: 8, rx: 4, class: "track" }),
    shape("rect", { width: Math.max(60 * p, 2), height: 8, rx: 4, class: "part" }),
  );
  return [bar, el("span", { class: "value" }, shown(p, "%"))];
}

function oddsPicture(item) {
  if (!item.odds) return null;
  const [first, step, p] = item.odds;
  const most = Math.max(...p);
  const mode = first + step * p.indexOf(most);
  const [width, height] = [132, 30];
  const wide = width / p.length;
  const bars = p.map((one, at) => {
    const value = first + step * at;
    const tall = (one / most) * (height - 2);
    return shape("rect", {
      x: (at * wide).toFixed(2),
      y: (height - tall).toFixed(2),
      width: Math.max(wide - 0.4, 0.6).toFixed(2),
      height: tall.toFixed(2),
      class: value > item.last + step / 2 ? "higher" : value < item.last - step / 2 ? "lower" : "same",
    });
  });
  const label = t("board.odds_label", {
    mode: shown(mode, item.decimals),
    low: shown(item.q05, item.decimals),
    high: shown(item.q95, item.decimals),
  });
  return shape("svg", { class: "odds", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, bars);
}

function boardPicture(items) {
  const few = [...items].sort(ORDERS.due).slice(0, IN_CHART);
  const away = (item, name) => Math.round(100 * (item[name] - item.last)) / 100;
  const chosen = few.filter((item) => item.last !== null).sort((a, b) => b.p_above - a.p_above);
  const column = (make) => chosen.map(make);
  const board = {
    row: column((item) => item.id),
    title_en: column((item) => item.title_en),
    title_zh: column((item) => item.title_zh),
    ...Object.fromEntries(
      ["q05", "q25", "q50", "q75", "q95"].map((name) => [name, column((item) => away(item, name))]),
    ),
    period: column((item) => item.period),
    last: column((item) => item.last),
    median: column((item) => item.q50),
    p_above: column((item) => item.p_above),
    band: column((item) => between(item.q05, item.q95, item.decimals)),
    right: column((item) => t("board.right", { p: shown(item.p_above, "%") })),
  };
  const caption =
    t("board.caption") + (chosen.length < items.length ? ` ${t("board.caption_few", { n: chosen.length })}` : "");
  return pictureOf({
    title: t("board.chart"),
    name: "headlines",
    kind: "board",
    data: { board },
    values: {},
    caption,
    unit: t("board.chart_unit"),
    source: t("page.own"),
    file: "headlines.csv",
    rows: () => rowsOf(board),
    columns: [
      [t("field.title"), t("column.indicator"), ""],
      ["period", t("column.period"), ""],
      ["last", t("column.last"), (row) => shown(row.last, BY_ID.get(row.row).decimals)],
      ["median", t("column.q50"), (row) => shown(row.median, BY_ID.get(row.row).decimals)],
      ["band", t("column.band90"), ""],
      ["p_above", t("column.p_above"), "%"],
    ],
  });
}
