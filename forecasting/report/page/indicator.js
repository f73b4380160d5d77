// One indicator: rates, months, level, odds, flags, models.
const pieces = {};
const DETAILS = new Map(Object.entries(DATA.details)); // an object has things of its own by names like "constructor"
window.cumulusPiece = (run, details) => {
  if (run === DATA.meta.run_id) for (const [id, one] of details) DETAILS.set(id, one);
};

// The details of an indicator, from this page or from the piece beside it that holds them.
function detailsOf(id) {
  if (DETAILS.has(id)) return Promise.resolve(DETAILS.get(id));
  const path = DATA.pieces[BY_ID.get(id).piece];
  pieces[path] ??= new Promise((done, fail) => {
    const script = el("script", {
      src: path,
      onload: done,
      onerror: () => {
        delete pieces[path];
        fail(new Error(t("page.piece_missing", { path })));
      },
    });
    document.head.append(script);
  });
  return pieces[path].then(() => {
    if (!DETAILS.has(id)) throw new Error(t("page.piece_other", DATA.meta));
    return DETAILS.get(id);
  });
}

function indicatorView(id) {
  const item = BY_ID.get(id);
  if (!item) return notFoundView();
  const rest = el("div", { class: "stack" }, el("p", { role: "status" }, t("page.loading")));
  const show = (one) => rest.replaceChildren(...indicatorParts(item, one, () => again(one)).filter(Boolean));
  const again = (one) => {
    const at = scrollY;
    show(one);
    rest.querySelector("select").focus({ preventScroll: true }); // where the choice was made
    scrollTo(0, at);
  };
  detailsOf(id).then(show, (error) =>
    rest.replaceChildren(el("p", { class: "warning", role: "alert" }, error.message)),
  );
  return [
    el("p", { class: "crumbs" }, el("a", { href: "#/" }, t("action.back"))),
    ...heading(titleOf(item), null),
    el(
      "p",
      { class: "note" },
      [item.id, item.region, item.sector, nameOf(item.role), item.publisher].filter(Boolean).join(" \u00b7 "),
    ),
    nextRelease(item),
    rest,
  ];
}

function nextRelease(item) {
  const facts = [
    [t("column.period"), item.period || item.next_period],
    [t("column.due"), item.next_due + (item.days_late > 0 ? ` (${t("board.late", { n: item.days_late })})` : "")],
    [t("column.last"), item.last === null ? "" : `${shown(item.last, item.decimals)} %`],
    [t("column.q50"), item.q50 === null ? "" : `${shown(item.q50, item.decimals)} %`],
    [t("column.band50"), item.q25 === null ? "" : `${between(item.q25, item.q75, item.decimals)} %`],
    [t("column.band90"), item.q05 === null ? "" : `${between(item.q05, item.q95, item.decimals)} %`],
    [t("column.p_above"), item.p_above === null ? "" : shown(item.p_above, "%")],
  ];
  return section(
    t("indicator.next"),
    el(
      "dl",
      { class: "facts" },
      facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value || NONE))),
    ),
  );
}

function indicatorParts(item, one, again) {
  if (!one.published.x.length && !one.months.x.length) return [sentence(t("indicator.no_figures"))];
  const years = (state.chosen.years ??= "10");
  const history = choice(
    t("action.history"),
    [
      ["5", t("action.years", { n: 5 })],
      ["10", t("action.years", { n: 10 })],
      ["0", t("action.all")],
    ],
    years,
    (value) => {
      state.chosen.years = value;
      again();
    },
  );
  const source = one.sources.join("; ") || item.publisher;
  const shared = (kind, span) => ({
    kind,
    source,
    name: `${item.id}_${kind}`,
    values: { "span.x": one.spans[span][years]?.x, "span.y": one.spans[span][years]?.y },
  });
  const quantiles = ["q05", "q25", "q50", "q75", "q95"].map((name) => [name, t(`column.${name}`), 2]);
  const latest = (columns, ...more) => [...rowsOf(columns), ...more].reverse();
  return [
    el("div", { class: "controls" }, history),
    one.published.x.length
      ? pictureOf({
          ...shared("cumulative", "published"),
          title: t("indicator.cumulative"),
          caption: t("indicator.cumulative_caption"),
          unit: t("indicator.growth_unit"),
          data: { published: one.published, ahead: one.ahead },
          file: "headlines.csv",
          columns: [["period", t("column.period"), ""], ["value", t("column.actual"), item.decimals], ...quantiles],
          rows: () => latest(one.published, ...rowsOf(one.ahead)),
        })
      : null,
    item.odds ? oddsFigure(item, source) : null,
    one.months.x.length ? monthsFigure(item, one, shared, quantiles, latest) : null,
    one.months.level.some((value) => value !== null) ? levelFigure(item, one, shared, latest) : null,
    flagsCard(one),
    modelsCard(item, one),
    scoresCard(one),
  ];
}

function monthsFigure(item, one, shared, quantiles, latest) {
  const bounded = one.months.low.some((value) => value !== null);
  return pictureOf({
    ...shared("months", "months"),
    title: t("indicator.months"),
    caption: t("indicator.months_caption"),
    unit: t("indicator.growth_unit"),
    data: {
      months: one.months,
      pairs: one.pairs,
      published: one.published_months,
      flags: one.flags,
      ahead: one.ahead_months,
      bounded: bounded ? { any: [1] } : {},
    },
    file: "monthly.csv",
    columns: [
      ["period", t("column.month"), ""],
      ["yoy", t("column.yoy"), 2],
      ...quantiles.filter(([name]) => name !== "q50"),
      ["q50", t("legend.ahead"), 2],
      ["set_low", t("column.set_low"), 2],
      ["set_high", t("column.set_high"), 2],
      ["status", t("column.status"), "name"],
    ],
    rows: () => latest(one.months, ...rowsOf(one.ahead_months).map((row) => ({ ...row, status: "F" }))),
  });
}

function levelFigure(item, one, shared, latest) {
  const unit = item.unit === "index" ? t("indicator.level_index") : nameOf(item.unit);
  return pictureOf({
    ...shared("level", "level"),
    title: t("indicator.level"),
    caption: t("indicator.level_caption"),
    unit,
    data: { months: one.months, ahead: one.ahead_levels },
    file: "monthly.csv",
    columns: [
      ["period", t("column.month"), ""],
      ["level", t("column.level"), "s"],
      ...["q05", "q25", "q50", "q75", "q95"].map((name) => [name, t(`column.${name}`), "s"]),
    ],
    rows: () =>
      latest(one.months, ...rowsOf(one.ahead_levels)).map(({ period, level, q05, q25, q50, q75, q95 }) =>
        level === undefined ? { period, q05, q25, q50, q75, q95 } : { period, level },
      ),
  });
}

function oddsFigure(item, source) {
  const [first, step, p] = item.odds;
  const unit = 10 ** -item.decimals;
  const held = Math.max(1, Math.round(step / unit)); // values in a bar
  const reach = (unit * (held - 1)) / 2;
  const named = (middle) =>
    held > 1 ? between(middle - reach, middle + reach, item.decimals) : shown(middle, item.decimals);
  const all = p.map((probability, at) => ({
    value: first + step * (at - 0.5),
    end: first + step * (at + 0.5),
    probability,
    label: named(first + step * at),
  }));
  const middle = (row) => row.value + step / 2;
  const part = (fits) => {
    const rows = all.filter(fits);
    return Object.fromEntries(
      ["value", "end", "probability", "label"].map((name) => [name, rows.map((row) => row[name])]),
    );
  };
  const data = {
    lower: part((row) => middle(row) < item.last - step / 2),
    same: part((row) => Math.abs(middle(row) - item.last) <= step / 2),
    higher: part((row) => middle(row) > item.last + step / 2),
  };
  return pictureOf({
    kind: "odds",
    name: `${item.id}_odds`,
    source,
    title: t("indicator.odds"),
    unit: t("indicator.growth_unit"),
    values: {},
    caption: [
      t("indicator.odds_caption", { period: item.period, last: shown(item.last, item.decimals) }),
      held > 1 ? t("indicator.odds_wide", { n: held }) : "",
    ]
      .filter(Boolean)
      .join(" "),
    data,
    file: "headline_odds.csv",
    columns: [
      ["label", t("column.value"), ""],
      ["probability", t("column.probability"), "%"],
    ],
    rows: () => all,
  });
}

function flagsCard(one) {
  const found = {};
  one.flags.kind.forEach((kind, at) => (found[kind] ??= []).push(monthOf(one.flags.x[at])));
  const kinds = Object.keys(found);
  if (!kinds.length) return section(t("indicator.flags"), sentence(t("indicator.flags_none")));
  const spread = (months) => (months.length > 4 ? `${months[0]} \u2026 ${months.at(-1)}` : months.join(", "));
  return section(
    t("indicator.flags"),
    sentence(t("indicator.flags_lead")),
    tableOf(
      t("indicator.flags"),
      [
        ["kind", t("column.flag"), "name"],
        ["meaning", t("column.meaning"), ""],
        ["n", t("column.count"), 0],
        ["months", t("column.months"), ""],
      ],
      kinds.map((kind) => ({
        kind,
        meaning: DATA.texts[`flag.${kind}`]?.[state.lang],
        n: found[kind].length,
        months: spread(found[kind]),
      })),
    ),
  );
}

function modelsCard(item, one) {
  const rows = rowsOf(one.leaderboard);
  const [, related] = /^related:(.*)$/.exec(item.champion) ?? [];
  const model = related ? itemTitle(related) : nameOf(item.champion);
  if (!rows.length) {
    const alone = related === "none" ? "indicator.champion_alone" : "indicator.champion_none";
    return section(t("indicator.champion"), sentence(t(item.champion ? alone : "indicator.unmodelled", { model })));
  }
  return section(
    t("indicator.champion"),
    sentence(t("indicator.champion_lead", { model })),
    tableOf(
      t("indicator.champion"),
      [
        [
          "model",
          t("column.model"),
          (row) => [nameOf(row.model), row.champion ? el("span", { class: "pill good" }, t("legend.champion")) : null],
        ],
        ["rank", t("column.rank"), 0],
        ["mase", t("column.mase"), 2],
        ["rmsse", t("column.rmsse"), 2],
        ["smape", t("column.smape"), 1],
        ["coverage90", t("column.coverage90"), "%"],
        ["n_origins", t("column.n_origins"), 0],
        ["n_real_time", t("column.n_real_time"), 0],
      ],
      rows,
    ),
    modelNotes(rows),
  );
}

function modelNotes(rows) {
  const known = rows.filter((row) => DATA.texts[`model.${row.model}`]);
  return el(
    "details",
    {},
    el("summary", {}, t("indicator.models")),
    el(
      "dl",
      { class: "facts wide" },
      known.map((row) => el("div", {}, el("dt", {}, nameOf(row.model)), el("dd", {}, t(`model.${row.model}`)))),
    ),
  );
}

function scoresCard(one) {
  const rows = rowsOf(one.scores);
  if (!rows.length) return section(t("indicator.scores"), sentence(t("indicator.scores_none")));
  const drift = rowsOf(one.drift);
  return section(
    t("indicator.scores"),
    drift.length ? tableOf(t("scorecard.drift"), driftColumns().slice(1), drift) : null,
    tableOf(t("indicator.scores"), scoreColumns(), rows),
  );
}

const scoreColumns = () => [
  ["period", t("column.period"), ""],
  ["target", t("column.target"), "name"],
  ["origin", t("column.origin"), ""],
  ["step", t("column.step"), 0],
  ["actual", t("column.actual"), "all"],
  ["forecast", t("column.forecast"), "s"],
  ["q025", t("column.q025"), "s"],
  ["q975", t("column.q975"), "s"],
  ["inside90", t("column.inside90"), "yes"],
  ["model", t("column.model"), "name"],
];
const driftColumns = () => [
  ["indicator", t("column.indicator"), (row) => itemLink(row.indicator)],
  ["target", t("column.target"), "name"],
  ["n", t("column.n"), 0],
  ["mase", t("column.mase"), 2],
  ["expected_mase", t("column.expected_mase"), 2],
  ["coverage80", t("column.coverage80"), "%"],
  ["coverage90", t("column.coverage90"), "%"],
  ["coverage95", t("column.coverage95"), "%"],
  ["alarm", t("column.alarm"), (row) => (row.alarm ? el("span", { class: "pill bad" }, nameOf(row.alarm)) : NONE)],
];
