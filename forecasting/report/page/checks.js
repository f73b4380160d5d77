// What is checked against the projection, and what decides it: claims, assumptions, hindcasts.
function claimsView() {
  const all = rowsOf(PROJECTION.claims);
  if (!all.length) return [...heading(t("claims.title")), sentence(t("claims.empty"))];
  const known = inOrder(new Set(all.map((row) => row.scenario)));
  const range = ({ low, high }) => {
    if (low === null) return `\u2264 ${shown(high, "all")}`;
    if (high === null) return `\u2265 ${shown(low, "all")}`;
    return low === high ? shown(low, "all") : between(low, high, "all");
  };
  return following(
    t("claims.title"),
    t("claims.lead"),
    (show) => [scenarioChoice(known, show)],
    () => {
      const scenario = scenarioOf(known);
      const own = all
        .filter((row) => row.scenario === scenario)
        .map((row) => ({ ...row, title: `${row.claim}|${row.metric}`, range: range(row) }));
      const claims = Object.fromEntries(
        ["title", "range", "below", "within", "above"].map((name) => [name, own.map((row) => row[name])]),
      );
      Object.assign(claims, {
        row: own.map((_, at) => at),
        start: own.map(() => 0),
        upto_below: claims.below,
        upto_within: own.map((row) => row.below + row.within),
        end: own.map((row) => row.below + row.within + row.above),
      });
      return [
        pictureOf({
          title: t("nav.claims"),
          kind: "claims",
          data: { claims },
          values: {},
          unit: t("milestones.unit"),
          source: t("page.model"),
          caption: t("claims.caption", { scenario: nameOf(scenario) }),
          file: "claim_check.csv",
          columns: [
            ["title", t("column.claim"), "name"],
            ["range", t("column.range"), ""],
            ["below", t("column.below"), "%"],
            ["within", t("column.within"), "%"],
            ["above", t("column.above"), "%"],
            ["code", t("column.verdict"), "name"],
            [
              "intensity",
              t("column.intensity"),
              (row) => (row.intensity === null ? NONE : `${shown(row.intensity, "s")} ${row.unit}`),
            ],
          ],
          rows: () => own,
        }),
      ];
    },
  );
}

function sensitivityView() {
  const all = PROJECTION.sensitivity;
  if (!all.length) return [...heading(t("sensitivity.title")), sentence(t("sensitivity.empty"))];
  const label = (one) => `${nameOf(one.output)} \u00b7 ${t("action.years", { n: one.horizon / 12 })}`;
  const current = () => all[state.chosen.output ?? 0] ?? all[0];
  return following(
    t("sensitivity.title"),
    t("sensitivity.lead"),
    (show) => [
      choice(
        t("action.result"),
        all.map((one, at) => [at, label(one)]),
        state.chosen.output ?? 0,
        (value) => {
          state.chosen.output = Number(value);
          show();
        },
      ),
    ],
    () => {
      const one = current();
      const all_ = rowsOf(
        Object.fromEntries(
          ["parameter", "group", "S1", "ST", "tornado_low", "tornado_high", "swing"].map((name) => [name, one[name]]),
        ),
      );
      const own = all_.filter((row) => row.swing).slice(0, 12);
      const tornado = {
        row: own.map((row) => row.parameter),
        right: own.map((row) => (row.ST === null ? "" : shown(row.ST, 2))),
        ...Object.fromEntries(["tornado_low", "tornado_high", "ST"].map((name) => [name, own.map((row) => row[name])])),
      };
      return [
        pictureOf({
          title: headed(label(one)),
          kind: "tornado",
          data: { tornado },
          values: {},
          unit: t("sensitivity.unit"),
          source: t("page.model"),
          caption: t("sensitivity.caption", {
            output: nameOf(one.output),
            years: one.horizon / 12,
            scenario: nameOf(one.scenario),
          }),
          file: "sensitivity.csv",
          columns: [
            ["parameter", t("column.parameter"), "name"],
            ["group", t("column.group"), "name"],
            ["tornado_low", t("column.tornado_low"), "s"],
            ["tornado_high", t("column.tornado_high"), "s"],
            ["swing", t("column.swing"), "s"],
            ["S1", t("column.S1"), 2],
            ["ST", t("column.ST"), 2],
          ],
          rows: () => all_,
        }),
      ];
    },
  );
}

function hindcastsView() {
  const all = rowsOf(PROJECTION.hindcasts);
  if (!all.length) return [...heading(t("hindcasts.title")), sentence(t("hindcasts.empty"))];
  const own = all.filter((row) => row.realised > 0);
  const times = (name) => own.map((row) => Math.round((1000 * row[name]) / row.realised) / 1000);
  const hindcasts = {
    row: own.map((row) => `${row.case}, ${row.origin} \u2192 ${row.target}: ${row.variable}`),
    q05: times("q05"),
    q50: times("q50"),
    q95: times("q95"),
    realised: own.map((row) => row.realised),
    median: own.map((row) => row.q50),
    band: own.map((row) => between(row.q05, row.q95, "s")),
  };
  return [
    ...heading(t("hindcasts.title"), t("hindcasts.lead")),
    pictureOf({
      title: t("nav.hindcasts"),
      kind: "hindcasts",
      labelled: "whole",
      data: { hindcasts },
      values: {},
      unit: t("hindcasts.unit"),
      source: t("page.model"),
      caption: t("hindcasts.caption"),
      file: "hindcast.csv",
      columns: [
        ["case", t("column.case"), ""],
        ["variable", t("column.variable"), ""],
        ["origin", t("column.origin"), ""],
        ["target", t("column.target"), ""],
        ["realised", t("column.realised"), "s"],
        ["q05", t("column.q05"), "s"],
        ["q50", t("column.q50"), "s"],
        ["q95", t("column.q95"), "s"],
        ["covered90", t("column.covered90"), "yes"],
        ["crps", t("column.crps"), "s"],
        ["crps_naive", t("column.crps_naive"), "s"],
      ],
      rows: () => all,
    }),
  ];
}
