// A page with several forms: who sends one while another was changed is told once that
// what they typed there would be lost. A form is marked by data-unsaved with its name,
// and by data-entered when the page came with what was entered and is not saved.
(function () {
  "use strict";
  function changed(field) {
    if (field.type === "checkbox" || field.type === "radio") { return field.checked !== field.defaultChecked; }
    if (field.type === "file") { return field.files.length > 0; }
    if (field.tagName === "SELECT") {
      var options = Array.from(field.options), chosen = options.some(function (option) { return option.defaultSelected; });
      return options.some(function (option, i) { return option.selected !== (chosen ? option.defaultSelected : i === 0); });
    }
    return field.defaultValue !== undefined && field.type !== "hidden" && field.value !== field.defaultValue;
  }
  function unsaved(form) { return form.hasAttribute("data-entered") || Array.from(form.elements).some(changed); }

  // Before the handlers of other scripts, which take the form for sent.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.method !== "post" || !form.closest("main")) { return; }
    var names = Array.from(document.querySelectorAll("form[data-unsaved]")).filter(function (other) {
      return other !== form && unsaved(other);
    }).map(function (other) { return other.getAttribute("data-unsaved"); }).join(" and ");
    var said = form.querySelector(".unsaved");
    if (said && said.getAttribute("data-names") === names) { return; }
    if (said) { said.remove(); }
    if (!names) { return; }
    event.preventDefault();
    said = document.createElement("div");
    said.className = "unsaved alert alert-warning";
    said.setAttribute("role", "alert");
    said.setAttribute("data-names", names);
    said.textContent = "What you typed under " + names + " is not saved yet. Save it first, or press again to go on without it.";
    (event.submitter || form.lastElementChild).before(said);
  }, true);
})();
