/* Marks the questions of this page in the page, as the library that they come from marks them. What is answered goes
   nowhere. */
(function () {
  "use strict";
  var form = document.querySelector("[data-questions]");
  if (!form) return;
  function narrow(text) {
    return text.replace(/[\uff01-\uff5e]/g, function (c) { return String.fromCharCode(c.charCodeAt(0) - 0xfee0); }).trim().replace(/\s+/g, " ");
  }
  function number(text) {
    var said = narrow(text).replace(/,/g, ".").replace(/\s/g, "").replace(/[\u0f20-\u0f29]/g, function (c) { return String(c.charCodeAt(0) - 0x0f20); });
    return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(said) ? Number(said) : NaN;
  }
  function same(how, a, b) {
    if (how === "words") return narrow(a).toLowerCase() === narrow(b).toLowerCase();
    if (how === "cased") return narrow(a) === narrow(b);
    if (how === "numbers") {
      var x = number(a), y = number(b);
      if (isNaN(x) || isNaN(y)) return narrow(a) === narrow(b);
      return Math.abs(x - y) <= 2.220446049250313e-16 * Math.max(Math.abs(x), Math.abs(y), 1);
    }
    return a.trim().split(/\s+/).join(" ") === b.trim().split(/\s+/).join(" ");
  }
  function mark(q, answer) {
    var given = answer.map(function (a) { return a.trim(); }).filter(Boolean);
    var keys = Object.keys(q.points);
    if (q.kind === "text" || (!q.correct.length && !keys.length)) return "open";
    if (!given.length) return "empty";
    function is(a) { return function (b) { return same(q.compare, b, a); }; }
    if (q.kind === "order") {
      return q.correct.length === given.length && q.correct.every(function (c, n) { return same(q.compare, c, given[n]); }) ? "right" : "wrong";
    }
    if (q.kind === "one" || q.kind === "word") {
      if (given.length > 1) return "wrong";
      var best = 0, got = 0;
      keys.forEach(function (k) {
        best = Math.max(best, q.points[k]);
        if (same(q.compare, k, given[0])) got = Math.max(got, q.points[k]);
      });
      if (q.correct.some(is(given[0])) || (got > 0 && got >= best)) return "right";
      return got > 0 ? "partly" : "wrong";
    }
    var good = keys.filter(function (k) { return q.points[k] > 0; });
    var wrong = given.filter(function (g) { return !q.correct.some(is(g)) && !good.some(is(g)); }).length;
    var wanted = q.correct.length ? q.correct : good;
    var found = wanted.every(function (w) { return given.some(is(w)); });
    if (found && !wrong) return "right";
    return wrong < given.length ? "partly" : "wrong";
  }
  function given(box, kind) {
    var fields = Array.prototype.slice.call(box.querySelectorAll("input, select, textarea"));
    if (kind === "order") {
      return fields.filter(function (f) { return f.value; }).sort(function (a, b) { return Number(a.value) - Number(b.value); }).map(function (f) { return f.dataset.id; });
    }
    return fields.filter(function (f) { return (f.type !== "radio" && f.type !== "checkbox") || f.checked; }).map(function (f) { return f.value; });
  }
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    var right = 0, all = 0;
    Array.prototype.forEach.call(form.querySelectorAll("[data-answer]"), function (box) {
      var q = JSON.parse(box.dataset.answer);
      var verdict = mark(q, given(box, q.kind));
      if (verdict !== "open") all += 1;
      if (verdict === "right") right += 1;
      var tag = box.querySelector("[data-verdict]");
      tag.className = "tag " + verdict;
      tag.textContent = form.dataset[verdict];
    });
    var sum = form.querySelector("[data-sum]");
    sum.textContent = form.dataset.sum.replace("{right}", right).replace("{all}", all);
    sum.hidden = false;
    sum.focus();
    if (window.lessonDone) window.lessonDone();
  });
  form.querySelector("button").hidden = false;
})();
