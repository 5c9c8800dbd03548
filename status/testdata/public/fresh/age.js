/* Counts the age of the page by the clock of the reader, for pages that are left open, or come from a server of files. */
"use strict";
(() => {
  const at = (id) => Date.parse(document.querySelector(id + " time").dateTime), old = document.getElementById("old");
  const ago = (min) => min < 120 ? min + " min" : min < 2880 ? Math.floor(min / 60) + " h" : Math.floor(min / 1440) + " days";
  const count = () => {
    old.hidden = Date.now() - at("#written") < 12e4;
    old.textContent = old.hidden ? "" : "This page is " + ago(Math.floor((Date.now() - at("#asof")) / 6e4)) + " old by your clock. Load it again. If it stays old, we do not answer, and things may have changed.";
  };
  count();
  setInterval(count, 15e3);
  for (const t of document.querySelectorAll("time")) t.title += " (" + new Date(t.dateTime).toLocaleString() + " where you are)";
})();
