// The projection: fans by scenario, milestones, balance.
const PROJECTION = DATA.projection;
const FIVE = ["q05", "q25", "q50", "q75", "q95"];

function scenarioOf(known) {
  const wanted = state.chosen.scenario ?? DATA.leading.scenario;
  return known.includes(wanted) ? wanted : known[0];
}
const scenarioChoice = (known, show) =>
  choice(
    t("action.scenario"),
    known.map((one) => [one, nameOf(one)]),
    scenarioOf(known),
    (value) => {
      state.chosen.scenario = value;
      show();
    },
  );
const inOrder = (names) => [...names].sort((a, b) => nameOf(a).localeCompare(nameOf(b), t("field.language")));
const fiveColumns = (kind) => FIVE.map((name) => [name, t(`column.${name}`), kind]);

// A view with choices above pictures that follow them.
function following(title, lead, choices, parts) {
  const place = el("div", { class: "stack" });
  const controls = el("div", { class: "controls" });
  const show = () => {
    const focused = [...controls.querySelectorAll("select")].findIndex((one) => one === document.activeElement);
    controls.replaceChildren(...choices(show));
    if (focused >= 0) controls.querySelectorAll("select")[focused]?.focus();
    place.replaceChildren(...parts().flat().filter(Boolean));
  };
  show();
  return [...heading(title, lead), controls, place];
}

function capacityView() {
  const all = PROJECTION.trajectories;
  if (!all.length) return [...heading(t("capacity.title")), sentence(t("capacity.empty"))];
  return seriesView(
    "capacity",
    all,
    (one, scenario) => nameOf(one.notes[scenario].unit),
    DATA.leading.trajectories,
    null,
    "trajectories.csv",
    ({ capacity_basis: basis, stat_or_struct: growth, conditioning }) =>
      t("capacity.basis_note", {
        basis: basis ? nameOf(basis) : NONE,
        growth: nameOf(growth),
        conditioning: nameOf(conditioning),
      }),
  );
}

function absorptionView() {
  const all = PROJECTION.absorption;
  if (!all.length) return [...heading(t("absorption.title")), sentence(t("absorption.empty"))];
  return seriesView(
    "absorption",
    all,
    () => t("absorption.unit"),
    DATA.leading.absorption,
    1,
    "absorption.csv",
    ({ conditioning }) => t("absorption.caption", { conditioning: nameOf(conditioning) }),
  );
}

function seriesView(view, all, unitOf, leading, reference, file, note) {
  const keys = all.map((one) => one.key);
  const first = keys.includes(leading) ? leading : keys[0];
  const current = () => all[keys.indexOf(state.chosen[view] ?? first)] ?? all[0];
  const options = all
    .map((one, at) => [keys[at], nameOf(keys[at])])
    .sort(([, a], [, b]) => a.localeCompare(b, t("field.language")));
  return following(
    t(`${view}.title`),
    t(`${view}.lead`),
    (show) => [
      choice(t("action.variable"), options, current().key, (value) => {
        state.chosen[view] = value;
        show();
      }),
      scenarioChoice(inOrder(Object.keys(current().by)), show),
    ],
    () => {
      const one = current();
      const title = headed(nameOf(view === "absorption" ? `absorption|${one.key}` : one.key));
      const scenario = scenarioOf(inOrder(Object.keys(one.by)));
      const shared = { unit: unitOf(one, scenario), source: t("page.model"), file, values: {} };
      const year = one.years.at(-1);
      return [
        fanPicture(one, scenario, title, reference, { ...shared, name: `${view}_fan` }, note(one.notes[scenario])),
        scenariosPicture(one, year, title, reference, { ...shared, name: `${view}_scenarios` }),
      ];
    },
  );
}

const line = (value) => (value === null ? {} : { value: [value] });

function fanPicture(one, scenario, title, reference, shared, note) {
  const fan = { year: one.years, ...Object.fromEntries(FIVE.map((name, at) => [name, one.by[scenario][at]])) };
  const names = Object.keys(one.by).filter((name) => name !== scenario);
  const others = {
    scenario: names.flatMap((name) => one.years.map(() => name)),
    year: names.flatMap(() => one.years),
    q50: names.flatMap((name) => one.by[name][2]),
  };
  return pictureOf({
    ...shared,
    title,
    kind: "fan",
    data: { fan, others, reference: line(reference) },
    caption: `${t("capacity.caption", { scenario: nameOf(scenario) })} ${note}`,
    columns: [["year", t("column.year"), ""], ...fiveColumns("s")],
    rows: () => rowsOf(fan),
  });
}

function scenariosPicture(one, year, title, reference, shared) {
  const names = inOrder(Object.keys(one.by));
  const scenarios = {
    row: names,
    ...Object.fromEntries(FIVE.map((name, at) => [name, names.map((scenario) => one.by[scenario][at].at(-1))])),
  };
  scenarios.right = scenarios.q50.map((median) => (median === null ? "" : shown(Number(median.toPrecision(3)), "s")));
  return pictureOf({
    ...shared,
    title: `${title}: ${t("capacity.by_scenario", { year })}`,
    kind: "scenarios",
    data: { scenarios, reference: line(reference) },
    caption: t("capacity.by_scenario_caption", { year }),
    columns: [["row", t("column.scenario"), "name"], ...fiveColumns("s")],
    rows: () => rowsOf(scenarios),
  });
}

function milestonesView() {
  const all = PROJECTION.milestones;
  if (!all.length) return [...heading(t("milestones.title")), sentence(t("milestones.empty"))];
  const known = inOrder(new Set(all.flatMap((one) => Object.keys(one.by))));
  const ids = [...new Set(all.map((one) => one.id))];
  const label = (one) => `${one.op === ">=" ? "\u2265" : "\u2264"} ${shown(one.threshold, "s")}`;
  return following(
    t("milestones.title"),
    t("milestones.lead"),
    (show) => [scenarioChoice(known, show)],
    () => {
      const scenario = scenarioOf(known);
      const pictures = ids.map((id) => {
        const own = all.filter((one) => one.id === id && one.by[scenario]);
        const milestone = {
          threshold: own.flatMap((one) => one.years.map(() => label(one))),
          year: own.flatMap((one) => one.years),
          p: own.flatMap((one) => one.by[scenario]),
        };
        return pictureOf({
          title: headed(nameOf(id)),
          kind: "milestones",
          name: `milestone_${id}`,
          data: { milestone },
          values: {},
          unit: t("milestones.unit"),
          source: t("page.model"),
          caption: t("milestones.caption", { scenario: nameOf(scenario) }),
          file: "milestones.csv",
          columns: [
            ["threshold", t("column.threshold"), ""],
            ["year", t("column.year"), ""],
            ["p", t("column.probability"), "%"],
          ],
          rows: () => rowsOf(milestone),
        });
      });
      const year = all[0].years.at(-1);
      const rows = all.flatMap((one) =>
        inOrder(Object.keys(one.by)).map((name) => ({
          what: `${headed(nameOf(one.id))} ${label(one)}`,
          scenario: name,
          p: one.by[name].at(-1),
          first: one.passage[name][0],
          half: one.passage[name][1],
          not: one.passage[name][3],
        })),
      );
      return [
        el("div", { class: "pair" }, pictures),
        section(
          t("milestones.table"),
          sentence(t("milestones.table_lead", { year })),
          tableOf(
            t("milestones.table"),
            [
              ["what", t("column.milestone"), ""],
              ["scenario", t("column.scenario"), "name"],
              ["p", t("column.reached", { year }), "%"],
              ["first", t("column.first_q05"), ""],
              ["half", t("column.first_q50"), ""],
              ["not", t("column.not_by"), "%"],
            ],
            rows,
          ),
        ),
      ];
    },
  );
}

function balanceView() {
  const bases = Object.keys(PROJECTION.balance);
  if (!bases.length) return [...heading(t("balance.title")), sentence(t("balance.empty"))];
  const basis = () => (bases.includes(state.chosen.basis) ? state.chosen.basis : bases[0]);
  const known = () => inOrder(Object.keys(PROJECTION.balance[basis()].by));
  return following(
    t("balance.title"),
    t("balance.lead"),
    (show) => [
      choice(
        t("action.basis"),
        bases.map((one) => [one, nameOf(one)]),
        basis(),
        (value) => {
          state.chosen.basis = value;
          show();
        },
      ),
      scenarioChoice(known(), show),
    ],
    () => {
      const { years, by } = PROJECTION.balance[basis()];
      const scenario = scenarioOf(known());
      const rows = Object.entries(by[scenario]).flatMap(([item, [mean, q05, q50, q95]]) =>
        years.map((year, at) => ({
          item,
          year,
          mean: mean[at],
          q05: q05[at],
          q50: q50[at],
          q95: q95[at],
          value: item.startsWith("out|") ? -mean[at] : mean[at],
        })),
      );
      const drawn = rows.filter(({ item }) => /^(in|out)\|/.test(item));
      const order = [...new Set(drawn.map(({ item }) => item))];
      const column = (name) => drawn.map((row) => row[name]);
      const balance = {
        ...Object.fromEntries(["item", "year", "value", "mean", "q05", "q95"].map((name) => [name, column(name)])),
        order: drawn.map(({ item }) => order.indexOf(item)),
      };
      return [
        pictureOf({
          title: nameOf(basis()),
          kind: "balance",
          name: `balance_${basis()}`,
          data: { balance },
          values: {},
          unit: `${nameOf("kt/yr")}, ${nameOf(basis())}`,
          source: t("page.model"),
          caption: t("balance.caption", { scenario: nameOf(scenario) }),
          file: "balance.csv",
          columns: [
            ["item", t("column.item"), "name"],
            ["year", t("column.year"), ""],
            ["mean", t("column.mean"), "s"],
            ["q05", t("column.q05"), "s"],
            ["q50", t("column.q50"), "s"],
            ["q95", t("column.q95"), "s"],
          ],
          rows: () => rows,
        }),
      ];
    },
  );
}
