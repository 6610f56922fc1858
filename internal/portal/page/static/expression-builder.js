// Completion of functions and attributes in the expression builder. The names are in the
// reference beside the field; without this script they are to be typed.
(function () {
  "use strict";
  var field = document.querySelector("textarea[data-completes]");
  if (!field) { return; }
  var list = document.getElementById(field.getAttribute("data-completes"));
  var signature = document.getElementById("signature");
  var functions = Array.from(document.querySelectorAll("[data-function]")).map(function (element) {
    return { name: element.getAttribute("data-function"), text: element.getAttribute("data-signature"), summary: element.getAttribute("data-summary") };
  });
  var attributes = Array.from(document.querySelectorAll("[data-attribute]")).map(function (element) { return element.getAttribute("data-attribute"); });
  var most = 10, shown = [], active = -1, from = 0;

  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);

  // scan reads the text before the caret: whether it ends in a text or an attribute, and
  // which calls are open.
  function scan(text) {
    var open = [], quoted = false, bracket = -1, word = "";
    for (var i = 0; i < text.length; i++) {
      var c = text[i];
      if (quoted) { if (c === "\\") { i++; } else if (c === "\"") { quoted = false; } continue; }
      if (bracket >= 0) { if (c === "]") { bracket = -1; } continue; }
      if (/[A-Za-z0-9_]/.test(c)) { word += c; continue; }
      if (c === "\"") { quoted = true; } else if (c === "[") { bracket = i; } else if (c === "(") { open.push(word); } else if (c === ")") { open.pop(); }
      word = "";
    }
    return { quoted: quoted, bracket: bracket, open: open, word: word };
  }

  // ranked returns the names that begin with, or else hold, what was typed.
  function ranked(items, typed, name) {
    typed = typed.toLowerCase();
    function begins(item) { return name(item).toLowerCase().indexOf(typed) === 0; }
    function holds(item) { return name(item).toLowerCase().indexOf(typed) > 0; }
    return items.filter(begins).concat(items.filter(holds)).slice(0, most);
  }

  function close() {
    shown = []; active = -1;
    list.hidden = true;
    list.textContent = "";
    field.removeAttribute("aria-activedescendant");
  }

  function select(index) {
    active = index;
    Array.from(list.children).forEach(function (option, i) {
      option.setAttribute("aria-selected", i === index ? "true" : "false");
      if (i === index) { field.setAttribute("aria-activedescendant", option.id); option.scrollIntoView({ block: "nearest" }); }
    });
  }

  function offer(items) {
    if (items.length === 0) { close(); return; }
    list.textContent = "";
    shown = items;
    items.forEach(function (item, i) {
      var option = document.createElement("li"), name = document.createElement("strong"), about = document.createElement("small");
      option.id = list.id + "-" + i;
      option.setAttribute("role", "option");
      name.textContent = item.text;
      about.textContent = item.summary;
      option.append(name, about);
      option.addEventListener("mousedown", function (event) { event.preventDefault(); take(i); });
      list.append(option);
    });
    list.hidden = false;
    select(0);
  }

  function complete(asked) {
    var caret = field.selectionStart;
    if (caret !== field.selectionEnd) { close(); return; }
    var before = field.value.slice(0, caret), state = scan(before);
    tell(state.open);
    if (state.quoted) { close(); return; }
    if (state.bracket >= 0) {
      from = state.bracket;
      var typed = before.slice(from + 1);
      offer(ranked(attributes, typed, function (name) { return name; }).filter(function (name) { return name !== typed; }).map(function (name) {
        return { text: "[" + name + "]", summary: "attribute", insert: "[" + name + "]", bracket: true };
      }));
      return;
    }
    from = caret - state.word.length;
    if (!state.word && !asked) { close(); return; }
    offer(ranked(functions, state.word, function (f) { return f.name; }).map(function (f) {
      return { text: f.text, summary: f.summary, insert: f.name + "(" };
    }));
  }

  function take(index) {
    var item = shown[index], end = field.selectionStart;
    if (item.bracket && field.value[end] === "]") { end++; }
    if (!item.bracket && field.value[end] === "(") { end++; }
    field.setRangeText(item.insert, from, end, "end");
    close();
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
    close();
  }

  // tell shows the signature of the innermost call that the caret is in.
  function tell(open) {
    var name = open.filter(Boolean).pop();
    var known = functions.find(function (f) { return f.name === name; });
    var text = known ? known.text + " – " + known.summary : "";
    if (signature.textContent !== text) { signature.textContent = text; }
  }

  field.addEventListener("input", function () { complete(false); });
  field.addEventListener("click", function () { close(); tell(scan(field.value.slice(0, field.selectionStart)).open); });
  field.addEventListener("blur", close);
  field.addEventListener("keydown", function (event) {
    if (event.key === " " && event.ctrlKey) { event.preventDefault(); complete(true); return; }
    if (event.key === "Enter" && event.ctrlKey) { event.preventDefault(); field.dispatchEvent(new Event("input", { bubbles: true })); close(); return; }
    if (list.hidden) { return; }
    switch (event.key) {
    case "ArrowDown": event.preventDefault(); select((active + 1) % shown.length); break;
    case "ArrowUp": event.preventDefault(); select((active + shown.length - 1) % shown.length); break;
    case "Enter": case "Tab": if (event.shiftKey) { close(); return; } event.preventDefault(); take(active); break;
    case "Escape": event.preventDefault(); close(); break;
    case "ArrowLeft": case "ArrowRight": case "Home": case "End": close(); break;
    }
  });
})();
