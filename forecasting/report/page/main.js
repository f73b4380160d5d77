// The frame of the page, and the way from an address to a view.
const VIEWS = {
  "": boardView,
  news: newsView,
  freshness: freshnessView,
  capacity: capacityView,
  absorption: absorptionView,
  milestones: milestonesView,
  balance: balanceView,
  claims: claimsView,
  sensitivity: sensitivityView,
  scorecard: scorecardView,
  hindcasts: hindcastsView,
  about: aboutView,
};
const GROUPS = [
  [
    "nav.group_now",
    [
      ["", "nav.board"],
      ["news", "nav.news"],
      ["freshness", "nav.freshness"],
    ],
  ],
  [
    "nav.group_projection",
    ["capacity", "absorption", "milestones", "balance", "claims", "sensitivity", "hindcasts"].map((view) => [
      view,
      `nav.${view}`,
    ]),
  ],
  [
    "nav.group_quality",
    [
      ["scorecard", "nav.scorecard"],
      ["about", "nav.about"],
    ],
  ],
];
const content = document.getElementById("content");

const notFoundView = () => [
  ...heading(t("page.not_found"), t("page.not_found_hint")),
  el("p", {}, el("a", { href: "#/" }, t("action.back"))),
];

function place() {
  const [view, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  try {
    return [view, decodeURIComponent(rest.join("/"))];
  } catch {
    return ["?", ""]; // no address of ours
  }
}

function route() {
  const [view, rest] = place();
  const make =
    view === "indicator" ? () => indicatorView(rest) : Object.hasOwn(VIEWS, view) && !rest ? VIEWS[view] : notFoundView;
  content.replaceChildren(...make().flat().filter(Boolean));
  const title = content.querySelector("h1").textContent;
  document.title = `${title} \u00b7 ${t("page.title")}`;
  for (const one of document.querySelectorAll("nav a")) {
    if (one.getAttribute("href") === `#/${view}`) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
}

function frame() {
  document.documentElement.lang = t("field.language");
  document.documentElement.dataset.theme = state.theme;
  document.getElementById("skip").textContent = t("page.skip");
  const themes = choice(
    t("page.theme"),
    ["system", "light", "dark"].map((theme) => [theme, t(`page.${theme}`)]),
    state.theme,
    (theme) => {
      state.theme = theme;
      keep("theme", theme);
      document.documentElement.dataset.theme = theme;
    },
  );
  const language = el(
    "button",
    {
      type: "button",
      id: "language",
      lang: state.lang ? "en" : "zh-CN",
      title: t("page.language_hint"),
      onclick: () => {
        state.lang = 1 - state.lang;
        keep("lang", state.lang ? "zh" : "en");
        frame();
        route();
        document.getElementById("language").focus();
      },
    },
    t("page.language"),
  );
  const menu = el(
    "button",
    {
      type: "button",
      id: "menu",
      "aria-expanded": "false",
      "aria-controls": "views",
      onclick: () => open(menu.getAttribute("aria-expanded") !== "true"),
    },
    t("page.menu"),
  );
  document
    .getElementById("banner")
    .replaceChildren(
      el("a", { class: "brand", href: "#/" }, el("strong", {}, t("page.product")), el("span", {}, t("page.tagline"))),
      el("p", { class: "vintage" }, t("page.as_of", DATA.meta)),
      el("div", { class: "switches" }, themes, language, menu),
    );
  const views = document.getElementById("views");
  views.setAttribute("aria-label", t("page.views"));
  views.replaceChildren(
    ...GROUPS.map(([title, entries]) => {
      const id = freshId("group");
      return el(
        "div",
        {},
        el("p", { class: "group", id }, t(title)),
        el(
          "ul",
          { "aria-labelledby": id },
          entries.map(([view, text]) => el("li", {}, el("a", { href: `#/${view}` }, t(text)))),
        ),
      );
    }),
  );
  document
    .getElementById("imprint")
    .replaceChildren(el("p", {}, [t("page.as_of", DATA.meta), t("page.run", DATA.meta)].join(" \u00b7 ")));
}

function open(wide) {
  document.getElementById("menu").setAttribute("aria-expanded", String(wide));
  document.getElementById("views").classList.toggle("open", wide);
}

document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address belongs to the views
  content.focus();
});
addEventListener("keydown", (event) => {
  if (event.key === "Escape") open(false);
});
addEventListener("hashchange", () => {
  open(false);
  route();
  scrollTo(0, 0);
  content.querySelector("h1").focus({ preventScroll: true });
});
frame();
route();
document.documentElement.dataset.ready = "";
