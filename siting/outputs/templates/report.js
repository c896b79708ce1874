(function () {
  "use strict";
  var root = document.documentElement, asked = /[?#&]lang=(zh|en)/.exec(window.location.search + window.location.hash);
  function speak(lang) {
    root.lang = lang;
    Array.prototype.forEach.call(document.querySelectorAll("[data-lang]"), function (node) { node.className = node.getAttribute("data-lang") === lang ? "on" : ""; });
  }
  Array.prototype.forEach.call(document.querySelectorAll("[data-lang]"), function (node) {
    node.addEventListener("click", function () { speak(node.getAttribute("data-lang")); });
  });
  speak(asked ? asked[1] : root.lang);
  root.setAttribute("data-ready", "1");
}());
