// Sections one below the other, with links to each, become tabs: [data-tabs] holds a
// list of links and the sections that they name. Without this script the links lead to
// the sections.
(function () {
  "use strict";

  function open(tabs, tab) {
    tabs.forEach(function (each) {
      var chosen = each === tab;
      each.setAttribute("aria-selected", chosen ? "true" : "false");
      each.tabIndex = chosen ? 0 : -1;
      each.classList.toggle("active", chosen);
      document.getElementById(each.getAttribute("aria-controls")).hidden = !chosen;
    });
  }

  function prepare(box) {
    var nav = box.querySelector("nav"), list = nav.querySelector("ul"), tabs = Array.from(list.querySelectorAll("a"));
    box.setAttribute("data-tabs", "ready");
    list.setAttribute("role", "tablist");
    list.setAttribute("aria-label", nav.getAttribute("aria-label"));
    nav.removeAttribute("aria-label");
    nav.setAttribute("role", "presentation");
    tabs.forEach(function (tab) {
      var id = tab.hash.slice(1), section = document.getElementById(id);
      tab.id = id + "-tab";
      tab.parentElement.setAttribute("role", "presentation");
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", id);
      section.setAttribute("role", "tabpanel");
      section.setAttribute("aria-labelledby", tab.id);
      section.tabIndex = 0;
    });
    open(tabs, tabs.find(function (tab) { return tab.hash === location.hash; }) || tabs[0]);
    list.addEventListener("click", function (event) {
      var tab = event.target.closest("[role=tab]");
      if (!tab) { return; }
      event.preventDefault();
      open(tabs, tab);
      history.replaceState(history.state, "", tab.hash);
    });
    list.addEventListener("keydown", function (event) {
      var at = tabs.indexOf(document.activeElement), last = tabs.length - 1;
      var to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[event.key];
      if (event.key === " ") { to = at; }
      if (at < 0 || to === undefined) { return; }
      event.preventDefault();
      open(tabs, tabs[to]);
      tabs[to].focus();
    });
  }

  function prepareAll() { document.querySelectorAll("[data-tabs]:not([data-tabs=ready])").forEach(prepare); }
  prepareAll();
  document.addEventListener("htmx:afterSwap", prepareAll);
})();
