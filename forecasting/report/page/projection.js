// The projection: fans by scenario, milestones, balance, claims, assumptions, hindcasts.
const PROJECTION = DATA.projection;
const FIVE = ["q05", "q25", "q50", "q75", "q95"];

function scenarioOf(known) {
  const wanted = state.chosen.scenario ?? "baseline_mixture";
  return known.includes(wanted) ? wanted : known[0];
}
const scenarioChoice = (known, show) => choice(t("action.scenario"), known.map((one) => [one, nameOf(one)]), scenarioOf(known),
  (value) => { state.chosen.scenario = value; show(); });
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
  return seriesView("capacity", all, (one, scenario) => nameOf(one.notes[scenario].unit), DATA.leading.trajectories, null, "trajectories.csv",
    ({ capacity_basis: basis, stat_or_struct: growth, conditioning }) => t("capacity.basis_note",
      { basis: basis ? nameOf(basis) : NONE, growth: nameOf(growth), conditioning: nameOf(conditioning) }));
}

function absorptionView() {
  const all = PROJECTION.absorption;
  if (!all.length) return [...heading(t("absorption.title")), sentence(t("absorption.empty"))];
  return seriesView("absorption", all, () => t("absorption.unit"), DATA.leading.absorption, 1, "absorption.csv",
    ({ conditioning }) => t("absorption.caption", { conditioning: nameOf(conditioning) }));
}

function seriesView(view, all, unitOf, leading, reference, file, note) {
  const keys = all.map((one) => one.key);
  const first = keys.includes(leading) ? leading : keys[0];
  const current = () => all[keys.indexOf(state.chosen[view] ?? first)] ?? all[0];
  const options = all.map((one, at) => [keys[at], nameOf(keys[at])]).sort(([, a], [, b]) => a.localeCompare(b, t("field.language")));
  return following(t(`${view}.title`), t(`${view}.lead`),
    (show) => [choice(t("action.variable"), options, current().key, (value) => { state.chosen[view] = value; show(); }),
      scenarioChoice(inOrder(Object.keys(current().by)), show)],
    () => {
      const one = current();
      const title = headed(nameOf(view === "absorption" ? `absorption|${one.key}` : one.key));
      const scenario = scenarioOf(inOrder(Object.keys(one.by)));
      const shared = { unit: unitOf(one, scenario), source: t("page.model"), file, values: {} };
      const year = one.years.at(-1);
      return [fanPicture(one, scenario, title, reference, { ...shared, name: `${view}_fan` }, note(one.notes[scenario])),
        scenariosPicture(one, year, title, reference, { ...shared, name: `${view}_scenarios` })];
    });
}

const line = (value) => (value === null ? {} : { value: [value] });

function fanPicture(one, scenario, title, reference, shared, note) {
  const fan = { year: one.years, ...Object.fromEntries(FIVE.map((name, at) => [name, one.by[scenario][at]])) };
  const names = Object.keys(one.by).filter((name) => name !== scenario);
  const others = { scenario: names.flatMap((name) => one.years.map(() => name)), year: names.flatMap(() => one.years), q50: names.flatMap((name) => one.by[name][2]) };
  return pictureOf({ ...shared, title, kind: "fan", data: { fan, others, reference: line(reference) }, caption: `${t("capacity.caption", { scenario: nameOf(scenario) })} ${note}`,
    columns: [["year", t("column.year"), ""], ...fiveColumns("s")], rows: () => rowsOf(fan) });
}

function scenariosPicture(one, year, title, reference, shared) {
  const names = inOrder(Object.keys(one.by));
  const scenarios = { row: names, ...Object.fromEntries(FIVE.map((name, at) => [name, names.map((scenario) => one.by[scenario][at].at(-1))])) };
  scenarios.right = names.map((scenario) => shown(one.by[scenario][2].at(-1), "s"));
  return pictureOf({ ...shared, title: `${title}: ${t("capacity.by_scenario", { year })}`, kind: "scenarios", data: { scenarios, reference: line(reference) },
    caption: t("capacity.by_scenario_caption", { year }), columns: [["row", t("column.scenario"), "name"], ...fiveColumns("s")], rows: () => rowsOf(scenarios) });
}

function milestonesView() {
  const all = PROJECTION.milestones;
  if (!all.length) return [...heading(t("milestones.title")), sentence(t("milestones.empty"))];
  const known = inOrder(new Set(all.flatMap((one) => Object.keys(one.by))));
  const ids = [...new Set(all.map((one) => one.id))];
  const label = (one) => `${one.op === ">=" ? "\u2265" : "\u2264"} ${shown(one.threshold, "s")}`;
  return following(t("milestones.title"), t("milestones.lead"), (show) => [scenarioChoice(known, show)], () => {
    const scenario = scenarioOf(known);
    const pictures = ids.map((id) => {
      const own = all.filter((one) => one.id === id && one.by[scenario]);
      const milestone = { threshold: own.flatMap((one) => one.years.map(() => label(one))), year: own.flatMap((one) => one.years), p: own.flatMap((one) => one.by[scenario]) };
      return pictureOf({ title: headed(nameOf(id)), kind: "milestones", name: `milestone_${id}`, data: { milestone }, values: {}, unit: t("milestones.unit"), source: t("page.model"),
        caption: t("milestones.caption", { scenario: nameOf(scenario) }), file: "milestones.csv",
        columns: [["threshold", t("column.threshold"), ""], ["year", t("column.year"), ""], ["p", t("column.probability"), "%"]], rows: () => rowsOf(milestone) });
    });
    const year = all[0].years.at(-1);
    const rows = all.flatMap((one) => inOrder(Object.keys(one.by)).map((name) => ({ what: `${headed(nameOf(one.id))} ${label(one)}`, scenario: name, p: one.by[name].at(-1),
      first: one.passage[name][0], half: one.passage[name][1], not: one.passage[name][3] })));
    return [el("div", { class: "pair" }, pictures), section(t("milestones.table"), sentence(t("milestones.table_lead", { year })), tableOf(t("milestones.table"), [
      ["what", t("column.milestone"), ""], ["scenario", t("column.scenario"), "name"], ["p", t("column.reached", { year }), "%"], ["first", t("column.first_q05"), ""],
      ["half", t("column.first_q50"), ""], ["not", t("column.not_by"), "%"]], rows))];
  });
}

function balanceView() {
  const bases = Object.keys(PROJECTION.balance);
  if (!bases.length) return [...heading(t("balance.title")), sentence(t("balance.empty"))];
  const basis = () => (bases.includes(state.chosen.basis) ? state.chosen.basis : bases[0]);
  const known = () => inOrder(Object.keys(PROJECTION.balance[basis()].by));
  return following(t("balance.title"), t("balance.lead"),
    (show) => [choice(t("action.basis"), bases.map((one) => [one, nameOf(one)]), basis(), (value) => { state.chosen.basis = value; show(); }), scenarioChoice(known(), show)],
    () => {
      const { years, by } = PROJECTION.balance[basis()];
      const scenario = scenarioOf(known());
      const rows = Object.entries(by[scenario]).flatMap(([item, [mean, q05, q50, q95]]) => years.map((year, at) =>
        ({ item, year, mean: mean[at], q05: q05[at], q50: q50[at], q95: q95[at], value: item.startsWith("out|") ? -mean[at] : mean[at] })));
      const drawn = rows.filter(({ item }) => /^(in|out)\|/.test(item));
      const order = [...new Set(drawn.map(({ item }) => item))];
      const column = (name) => drawn.map((row) => row[name]);
      const balance = { ...Object.fromEntries(["item", "year", "value", "mean", "q05", "q95"].map((name) => [name, column(name)])), order: drawn.map(({ item }) => order.indexOf(item)) };
      return [pictureOf({ title: nameOf(basis()), kind: "balance", name: `balance_${basis()}`, data: { balance }, values: {}, unit: `${nameOf("kt/yr")}, ${nameOf(basis())}`,
        source: t("page.model"), caption: t("balance.caption", { scenario: nameOf(scenario) }), file: "balance.csv",
        columns: [["item", t("column.item"), "name"], ["year", t("column.year"), ""], ["mean", t("column.mean"), "s"], ["q05", t("column.q05"), "s"], ["q50", t("column.q50"), "s"],
          ["q95", t("column.q95"), "s"]], rows: () => rows })];
    });
}

function claimsView() {
  const all = rowsOf(PROJECTION.claims);
  if (!all.length) return [...heading(t("claims.title")), sentence(t("claims.empty"))];
  const known = inOrder(new Set(all.map((row) => row.scenario)));
  const range = (row) => (row.low === row.high ? shown(row.low, "s") : between(row.low, row.high, "s"));
  return following(t("claims.title"), t("claims.lead"), (show) => [scenarioChoice(known, show)], () => {
    const scenario = scenarioOf(known);
    const own = all.filter((row) => row.scenario === scenario).map((row) => ({ ...row, title: `${row.claim}|${row.metric}`, range: range(row) }));
    const claims = Object.fromEntries(["title", "range", "below", "within", "above"].map((name) => [name, own.map((row) => row[name])]));
    Object.assign(claims, { row: own.map((_, at) => at), start: own.map(() => 0), upto_below: claims.below, upto_within: own.map((row) => row.below + row.within),
      end: own.map((row) => row.below + row.within + row.above) });
    return [pictureOf({ title: t("nav.claims"), kind: "claims", data: { claims }, values: {}, unit: t("milestones.unit"), source: t("page.model"),
      caption: t("claims.caption", { scenario: nameOf(scenario) }), file: "claim_check.csv",
      columns: [["title", t("column.claim"), "name"], ["range", t("column.range"), ""], ["below", t("column.below"), "%"], ["within", t("column.within"), "%"],
        ["above", t("column.above"), "%"], ["code", t("column.verdict"), "name"], ["intensity", t("column.intensity"), (row) => (row.intensity === null ? NONE : `${shown(row.intensity, "s")} ${row.unit}`)]],
      rows: () => own })];
  });
}

function sensitivityView() {
  const all = PROJECTION.sensitivity;
  if (!all.length) return [...heading(t("sensitivity.title")), sentence(t("sensitivity.empty"))];
  const label = (one) => `${nameOf(one.output)} \u00b7 ${t("action.years", { n: one.horizon / 12 })}`;
  const current = () => all[state.chosen.output ?? 0] ?? all[0];
  return following(t("sensitivity.title"), t("sensitivity.lead"),
    (show) => [choice(t("action.result"), all.map((one, at) => [at, label(one)]), state.chosen.output ?? 0, (value) => { state.chosen.output = Number(value); show(); })],
    () => {
      const one = current();
      const all_ = rowsOf(Object.fromEntries(["parameter", "group", "S1", "ST", "tornado_low", "tornado_high", "swing"].map((name) => [name, one[name]])));
      const own = all_.filter((row) => row.swing).slice(0, 12);
      const tornado = { row: own.map((row) => row.parameter), right: own.map((row) => (row.ST === null ? "" : shown(row.ST, 2))),
        ...Object.fromEntries(["tornado_low", "tornado_high", "ST"].map((name) => [name, own.map((row) => row[name])])) };
      return [pictureOf({ title: headed(label(one)), kind: "tornado", data: { tornado }, values: {}, unit: t("sensitivity.unit"), source: t("page.model"),
        caption: t("sensitivity.caption", { output: nameOf(one.output), years: one.horizon / 12, scenario: nameOf(one.scenario) }), file: "sensitivity.csv",
        columns: [["parameter", t("column.parameter"), "name"], ["group", t("column.group"), "name"], ["tornado_low", t("column.tornado_low"), "s"], ["tornado_high", t("column.tornado_high"), "s"],
          ["swing", t("column.swing"), "s"], ["S1", t("column.S1"), 2], ["ST", t("column.ST"), 2]], rows: () => all_ })];
    });
}

function hindcastsView() {
  const all = rowsOf(PROJECTION.hindcasts);
  if (!all.length) return [...heading(t("hindcasts.title")), sentence(t("hindcasts.empty"))];
  const own = all.filter((row) => row.realised > 0);
  const times = (name) => own.map((row) => Math.round((1000 * row[name]) / row.realised) / 1000);
  const hindcasts = { row: own.map((row) => `${row.case}, ${row.origin} \u2192 ${row.target}: ${row.variable}`), q05: times("q05"), q50: times("q50"), q95: times("q95"),
    realised: own.map((row) => row.realised), median: own.map((row) => row.q50), band: own.map((row) => between(row.q05, row.q95, "s")) };
  return [...heading(t("hindcasts.title"), t("hindcasts.lead")), pictureOf({ title: t("nav.hindcasts"), kind: "hindcasts", data: { hindcasts }, values: {}, unit: t("hindcasts.unit"),
    source: t("page.model"), caption: t("hindcasts.caption"), file: "hindcast.csv",
    columns: [["case", t("column.case"), ""], ["variable", t("column.variable"), ""], ["origin", t("column.origin"), ""], ["target", t("column.target"), ""], ["realised", t("column.realised"), "s"],
      ["q05", t("column.q05"), "s"], ["q50", t("column.q50"), "s"], ["q95", t("column.q95"), "s"], ["covered90", t("column.covered90"), "yes"], ["crps", t("column.crps"), "s"],
      ["crps_naive", t("column.crps_naive"), "s"]], rows: () => all })];
}
