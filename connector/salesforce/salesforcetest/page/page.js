// Keeps the page up to date while it is looked at. Without it, the browser loads the
// page again by itself.
(function () {
  "use strict";
  var button = document.getElementById("live"), news = document.getElementById("news"), form = document.getElementById("filter");
  var live = true, asking = null, written = null;
  button.hidden = false;
  button.addEventListener("click", function () {
    live = !live;
    button.setAttribute("aria-pressed", String(live));
    if (live) { update(); }
  });

  // Each marked part is replaced when it differs, but not while something in it is used.
  function show(text) {
    var page = new DOMParser().parseFromString(text, "text/html");
    document.querySelectorAll("[data-live]").forEach(function (part) {
      var other = page.getElementById(part.id);
      if (other && other.innerHTML !== part.innerHTML && (!part.contains(document.activeElement) || document.activeElement === part)) {
        part.innerHTML = other.innerHTML;
      }
    });
    var figure = page.querySelector("#tiles [aria-labelledby=t-written] .figure");
    var now = figure ? Number(figure.textContent.replace(/,/g, "")) : null;
    if (written !== null && now > written) {
      news.textContent = (now - written) + (now - written === 1 ? " record was" : " records were") + " written.";
    }
    written = now;
  }
  function update() {
    if (asking) { asking.abort(); }
    var mine = asking = new AbortController();
    return fetch(location.href, { signal: mine.signal }).then(function (answer) {
      return answer.ok ? answer.text() : Promise.reject(new Error(answer.status));
    }).then(function (text) {
      if (asking === mine) { show(text); }
    }).catch(function () {}).then(function () { if (asking === mine) { asking = null; } });
  }
  setInterval(function () { if (live && !document.hidden && !asking) { update(); } }, 2000);

  // Searching while typing.
  if (form) {
    var wait;
    form.addEventListener("input", function () {
      clearTimeout(wait);
      wait = setTimeout(function () {
        history.replaceState(null, "", "/?" + new URLSearchParams(new FormData(form)));
        update();
      }, 250);
    });
  }
})();
