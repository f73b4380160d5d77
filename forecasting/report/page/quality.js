// Scores, freshness, news and where the release comes from.
const DRAWN = 40; // rows of a picture
function scorecardView() {
  const quality = DATA.quality;
  const scores = withTitles(quality.scores);
  const backtest = withTitles(quality.backtest);
  const named = [t("field.title"), t("column.indicator"), ""];
  const limit = (columns) =>
    Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values.slice(0, DRAWN)]));
  const few = ({ row }) => (row.length > DRAWN ? ` ${t("scorecard.few", { n: DRAWN, total: row.length })}` : "");
  const targets = [...new Set(quality.coverage.target)];
  const coverage = (target) => {
    const rows = rowsOf(quality.coverage).filter((row) => row.target === target);
    return Object.fromEntries(Object.keys(quality.coverage).map((name) => [name, rows.map((row) => row[name])]));
  };
  const drift = rowsOf(quality.drift);
  const recent = rowsOf(quality.recent);
  return [
    ...heading(t("scorecard.title"), t("scorecard.lead")),
    quality.scored ? null : sentence(t("scorecard.empty")),
    scores.row.length
      ? pictureOf({
          title: t("scorecard.errors"),
          kind: "scores",
          name: "scorecard",
          data: { scores: limit(scores) },
          values: {},
          unit: t("scorecard.errors_unit"),
          source: t("page.own"),
          caption: t("scorecard.errors_caption") + few(scores),
          file: "scorecard.csv",
          columns: [
            named,
            ["n", t("column.n"), 0],
            ["mae", t("column.mae"), 2],
            ["no_change", t("column.mae_no_change"), 2],
            ["ratio", t("column.ratio"), 2],
          ],
          rows: () => rowsOf(scores),
        })
      : null,
    targets.length
      ? el(
          "div",
          { class: "pair" },
          targets.map((target) =>
            pictureOf({
              title: `${t("scorecard.coverage")} (${nameOf(target)})`,
              kind: "coverage",
              name: `coverage_${target}`,
              data: { coverage: coverage(target) },
              values: {},
              unit: t("scorecard.coverage_unit"),
              source: t("page.own"),
              caption: t("scorecard.coverage_caption", { target: nameOf(target) }),
              file: "scorecard.csv",
              columns: [
                ["band", t("column.band"), ""],
                ["share", t("column.share"), "%"],
                ["nominal", t("column.nominal"), "%"],
                ["n", t("column.n"), 0],
              ],
              rows: () => rowsOf(coverage(target)),
            }),
          ),
        )
      : null,
    section(
      t("scorecard.drift"),
      sentence(t("scorecard.drift_lead")),
      drift.length
        ? tableOf(t("scorecard.drift"), driftColumns(), drift.slice(0, 200))
        : sentence(t("scorecard.drift_empty")),
      drift.length > 200 ? rowsNote(200, drift.length, "drift.csv") : null,
    ),
    recent.length
      ? section(
          t("scorecard.recent"),
          tableOf(
            t("scorecard.recent"),
            [
              ["indicator", t("column.indicator"), (row) => itemLink(row.indicator)],
              ["appeared", t("column.appeared"), ""],
              ...scoreColumns(),
            ],
            recent,
          ),
          quality.scored > recent.length ? rowsNote(recent.length, quality.scored, "scorecard.csv") : null,
        )
      : null,
    backtest.row.length
      ? pictureOf({
          title: t("scorecard.backtest"),
          kind: "backtest",
          data: { backtest: limit(backtest) },
          values: {},
          unit: t("scorecard.backtest_unit"),
          source: t("page.own"),
          caption: t("scorecard.backtest_caption") + few(backtest),
          file: "leaderboard.csv",
          columns: [
            named,
            ["model", t("column.model"), "name"],
            ["mase", t("column.mase"), 2],
            ["naive", t("legend.naive"), 2],
            ["coverage90", t("column.coverage90"), "%"],
            ["n_origins", t("column.n_origins"), 0],
            ["n_real_time", t("column.n_real_time"), 0],
          ],
          rows: () => rowsOf(backtest),
        })
      : null,
  ];
}

function withTitles(columns) {
  const ids = columns.indicator;
  const out = {
    ...columns,
    row: ids,
    title_en: ids.map((id) => BY_ID.get(id)?.title_en ?? id),
    title_zh: ids.map((id) => BY_ID.get(id)?.title_zh ?? id),
  };
  if (columns.n) out.right = columns.n.map((n) => `${t("column.n")}: ${n}`);
  return out;
}

function rowsNote(n, total, file) {
  const [before, after] = t("action.rows_of", { n, total, file: "\u0000" }).split("\u0000");
  return el("p", { class: "note" }, before, link(file), after);
}

function freshnessView() {
  const late = ITEMS.filter((item) => item.days_late > 0).length;
  const rows = [...ITEMS].sort((a, b) => (b.days_late ?? -1) - (a.days_late ?? -1) || ORDERS.due(a, b));
  const pill = (row) =>
    row.days_late === null
      ? t("freshness.unknown")
      : row.days_late > 0
        ? el("span", { class: "pill bad" }, t("freshness.late", { n: row.days_late }))
        : el("span", { class: "pill good" }, t("freshness.on_time"));
  return [
    ...heading(t("freshness.title"), t("freshness.lead")),
    section(
      t("nav.freshness"),
      sentence(t("freshness.counts", { late, total: ITEMS.length })),
      tableOf(
        t("nav.freshness"),
        [
          ["id", t("column.indicator"), (row) => itemLink(row.id)],
          ["last_period", t("column.last_period"), ""],
          ["next_period", t("column.next_period"), ""],
          ["next_due", t("column.due"), ""],
          ["state", t("column.state"), pill],
          ["publisher", t("column.publisher"), ""],
        ],
        rows.slice(0, 300),
      ),
      rows.length > 300 ? rowsNote(300, rows.length, "indicators.csv") : null,
    ),
  ];
}

function newsView() {
  const rows = rowsOf(DATA.news.rows);
  const total = Object.values(DATA.news.counts).reduce((sum, n) => sum + n, 0);
  if (!rows.length) return [...heading(t("news.title"), t("news.lead")), sentence(t("news.empty"))];
  return [
    ...heading(t("news.title"), t("news.lead")),
    section(
      t("nav.news"),
      sentence(t("news.counts", DATA.news.counts)),
      tableOf(
        t("nav.news"),
        [
          ["indicator", t("column.indicator"), (row) => itemLink(row.indicator)],
          ["period", t("column.period"), ""],
          ["measure", t("column.measure"), "name"],
          ["kind", t("column.kind"), "name"],
          ["value", t("column.value"), "all"],
          ["value_before", t("column.value_before"), "all"],
          ["change", t("column.change"), "+"],
          ["expected", t("column.expected"), "s"],
          ["surprise", t("column.surprise"), "+"],
          ["outlook_period", t("column.outlook_period"), ""],
          ["outlook_before", t("column.outlook_before"), "s"],
          ["outlook", t("column.outlook"), "s"],
          ["effect", t("column.effect"), "+"],
        ],
        rows,
      ),
      total > rows.length ? rowsNote(rows.length, total, "revisions.csv") : null,
    ),
  ];
}

function aboutView() {
  const { missing, facts, inputs, libraries } = DATA.provenance;
  const list = (title, pairs) =>
    section(
      title,
      el(
        "dl",
        { class: "facts wide" },
        pairs.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
      ),
    );
  return [
    ...heading(t("about.title")),
    section(
      t("about.missing"),
      missing.length
        ? el(
            "ul",
            {},
            missing.map((line) => el("li", {}, line)),
          )
        : sentence(t("about.missing_none")),
    ),
    list(
      t("about.facts"),
      facts.map(([key, value]) => [t(key), value]),
    ),
    list(t("about.inputs"), inputs),
    list(t("about.libraries"), libraries),
    section(t("about.reading"), sentence(t("about.reading_text"))),
    section(
      t("about.files"),
      sentence(t("about.files_lead")),
      el(
        "ul",
        { class: "files" },
        DATA.files.map((file) => el("li", {}, link(file))),
      ),
    ),
  ];
}
