/* What a page of this course tells the system that plays it (SCORM 1.2): that it was seen, and where questions were
   asked, that their answers were checked. No answer, no points and no time leave the page. */
(function () {
  "use strict";
  function find(from) {
    var at = from;
    for (var n = 0; at && n < 20; n += 1) {
      try {
        if (at.API) return at.API;
      } catch (e) {
        return null; // a window of somebody else
      }
      if (at.parent === at) return null;
      at = at.parent;
    }
    return null;
  }
  var api = find(window) || (window.opener ? find(window.opener) : null);
  var open = false;
  function done() {
    if (!open) return;
    api.LMSSetValue("cmi.core.lesson_status", "completed");
    api.LMSCommit("");
  }
  function end() {
    if (!open) return;
    open = false;
    api.LMSFinish("");
  }
  window.lessonDone = done;
  if (!api) return;
  open = String(api.LMSInitialize("")) === "true";
  if (!open) return;
  var status = api.LMSGetValue("cmi.core.lesson_status");
  if (status !== "completed" && status !== "passed") {
    if (document.querySelector("[data-questions]")) {
      api.LMSSetValue("cmi.core.lesson_status", "incomplete");
      api.LMSCommit("");
    } else {
      done();
    }
  }
  window.addEventListener("pagehide", end);
  window.addEventListener("beforeunload", end);
})();
