// Comforts of the portal. Everything works without them.
(function () {
  "use strict";
  document.documentElement.classList.add("with-script");

  // Copy buttons.
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-copy]");
    if (!button || !navigator.clipboard) { return; }
    navigator.clipboard.writeText(button.getAttribute("data-copy")).then(function () {
      var before = button.getAttribute("aria-label");
      button.setAttribute("aria-label", "Copied");
      button.classList.add("text-success");
      setTimeout(function () { button.setAttribute("aria-label", before); button.classList.remove("text-success"); }, 1500);
    });
  });

  // A select with data-submit sends its form when it changes.
  document.addEventListener("change", function (event) {
    if (event.target.matches("select[data-submit]")) { event.target.form.requestSubmit(); }
    if (event.target.matches("input[data-check-all]")) {
      var name = event.target.getAttribute("data-check-all");
      document.querySelectorAll('input[type="checkbox"][name="' + CSS.escape(name) + '"]').forEach(function (box) {
        if (!box.disabled) { box.checked = event.target.checked; }
      });
    }
  });

  // A form is sent once, and its button says that it works.
  document.addEventListener("submit", function (event) {
    var form = event.target, button = event.submitter;
    if (form.method !== "post" || event.defaultPrevented || form.hasAttribute("data-again")) { return; }
    if (form.classList.contains("sending")) { event.preventDefault(); return; }
    form.classList.add("sending");
    if (button) { button.setAttribute("aria-busy", "true"); }
    setTimeout(function () { form.classList.remove("sending"); if (button) { button.removeAttribute("aria-busy"); } }, 200000);
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form.sending").forEach(function (form) { form.classList.remove("sending"); });
    document.querySelectorAll("[aria-busy=true]").forEach(function (button) { button.removeAttribute("aria-busy"); });
  });

  // Relative times stay true while a page is open.
  var units = [[31536000, "year"], [2592000, "month"], [86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];
  function relative(seconds) {
    var ahead = seconds < 0;
    seconds = Math.abs(seconds);
    if (seconds < 5) { return "now"; }
    for (var i = 0; i < units.length; i++) {
      if (seconds >= units[i][0]) {
        var n = Math.floor(seconds / units[i][0]);
        var text = n.toLocaleString("en-US") + " " + units[i][1] + (n === 1 ? "" : "s");
        return ahead ? "in " + text : text + " ago";
      }
    }
    return "now";
  }
  function tick() {
    document.querySelectorAll("time[datetime]").forEach(function (element) {
      var at = Date.parse(element.getAttribute("datetime"));
      if (isNaN(at)) { return; }
      var text = relative((Date.now() - at) / 1000);
      if (element.textContent !== text) { element.textContent = text; }
    });
  }
  setInterval(tick, 10000);

  // What a partial update cannot do is said in the place for notices, and taken away by
  // the next one that works.
  function notice() { return document.getElementById("notice"); }
  document.addEventListener("htmx:beforeSwap", function (event) {
    if (event.detail.xhr.status >= 400 && event.detail.xhr.getResponseHeader("HX-Retarget")) {
      event.detail.shouldSwap = true;
      notice().setAttribute("data-fault", "");
    } else if (notice() && notice().hasAttribute("data-fault")) {
      notice().removeAttribute("data-fault");
      notice().textContent = "";
    }
  });
  document.addEventListener("htmx:sendError", function () {
    var alert = document.createElement("div");
    alert.className = "alert alert-danger";
    alert.textContent = "The portal cannot be reached. What you see may be old. Try again in a moment.";
    notice().replaceChildren(alert);
    notice().setAttribute("data-fault", "");
  });

  // What came is shown where it was asked for, and scrolled to only if it cannot be seen.
  document.addEventListener("htmx:afterSettle", function (event) {
    if (event.target.hasAttribute("data-reveal")) { event.target.scrollIntoView({block: "nearest"}); }
  });

  function show(root) {
    root.querySelectorAll("[data-copy][hidden]").forEach(function (button) { if (navigator.clipboard) { button.hidden = false; } });
  }
  show(document);
  document.addEventListener("htmx:afterSwap", function (event) { show(event.target.parentElement || document); });
})();
