// Live updates: on an event, fetches the server-rendered fragment of this page and replaces the
// old content. Without this file the pages work too, on reload.
"use strict";
(() => {
  const main = document.getElementById("main");
  const badge = document.getElementById("live");
  const PACE = 700; // ms between two fetches, at least
  let source = null;
  let timer = null;
  let running = false;
  let last = 0;

  const watched = () => new Set((main.dataset.watch || "").split(" ").filter(Boolean));
  const concerns = (topics) => {
    const wanted = watched();
    return wanted.has("*") || topics.some((topic) => topic === "*" || wanted.has(topic));
  };

  const keep = () => {
    const open = new Set();
    for (const item of main.querySelectorAll("details[open][data-key]")) open.add(item.dataset.key);
    const focused = document.activeElement;
    const inside = focused && main.contains(focused) ? focused : null;
    const path = [];
    for (let at = inside; at && at !== main; at = at.parentElement) {
      path.unshift(Array.prototype.indexOf.call(at.parentElement.children, at));
    }
    return { open, path: inside ? path : null };
  };
  const restore = ({ open, path }) => {
    for (const item of main.querySelectorAll("details[data-key]")) {
      if (open.has(item.dataset.key)) item.open = true;
    }
    if (!path) return;
    let at = main;
    for (const index of path) at = at && at.children[index];
    if (at && at.focus) at.focus({ preventScroll: true });
  };
  const again = () => {
    const waits = [...main.querySelectorAll("[data-again]")].map((item) => Number(item.dataset.again));
    if (waits.length) schedule(Math.min(...waits));
  };

  async function refresh() {
    timer = null;
    if (running) { schedule(PACE); return; }
    running = true;
    try {
      const answer = await fetch(main.dataset.fragment, { headers: { accept: "text/html" } });
      if (answer.ok || answer.status === 404) {
        const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
        const kept = keep();
        main.replaceChildren(...parsed.body.childNodes);
        restore(kept);
        again();
      }
    } catch (error) {
      // The server has stopped or restarts: the event stream reconnects.
    } finally {
      last = Date.now();
      running = false;
    }
  }
  function schedule(wait) {
    const due = Math.max(wait, last + PACE - Date.now());
    if (timer !== null) {
      if (timer.at <= Date.now() + due) return;
      clearTimeout(timer.id);
    }
    timer = { at: Date.now() + due, id: setTimeout(refresh, due) };
  }

  function listen() {
    if (source || !main.dataset.fragment) return;
    source = new EventSource("/events");
    source.addEventListener("open", () => { badge.hidden = false; });
    source.addEventListener("error", () => { badge.hidden = true; });
    source.addEventListener("change", (event) => {
      if (concerns(JSON.parse(event.data))) schedule(0);
    });
  }
  // A browser opens at most six connections to one server: a hidden page closes its own.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      if (source) source.close();
      source = null;
    } else if (main.dataset.fragment) {
      listen();
      schedule(0);
    }
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-play]") || !main.dataset.fragment) return;
    event.preventDefault();
    fetch(form.action, { method: "POST", redirect: "manual" }).finally(() => schedule(0));
  });
  listen();
  again();
})();
