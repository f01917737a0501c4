"use strict";
(() => {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const comparisons = [];

  function compare(section) {
    const frame = section.querySelector(".visits");
    const visits = [...frame.querySelectorAll(".visit")];
    const [flicker, step] = section.querySelectorAll(".tools button");
    const now = section.querySelector(".now");
    let shown = 0, timer = 0;

    const show = (place, said) => {
      shown = place;
      visits.forEach((visit, number) => visit.classList.toggle("off", number !== shown));
      now.setAttribute("aria-live", timer ? "off" : "polite");
      now.textContent = said || `Shown: ${visits[shown].dataset.title}`;
    };
    const halt = () => { clearInterval(timer); timer = 0; };
    const enter = () => {
      frame.classList.add("flickering");
      flicker.setAttribute("aria-pressed", "true");
      frame.scrollIntoView({ block: "nearest" });
    };
    const start = () => {
      enter();
      if (!still.matches) timer = setInterval(() => show(1 - shown), 500);
      show(shown);
    };
    const stop = () => {
      halt();
      frame.classList.remove("flickering");
      flicker.setAttribute("aria-pressed", "false");
      visits.forEach((visit) => visit.classList.remove("off"));
      now.textContent = "";
    };
    const toggle = () => (frame.classList.contains("flickering") ? stop() : start());
    const other = () => {
      halt();
      if (!frame.classList.contains("flickering")) enter();
      show(1 - shown);
    };
    if (visits.every((visit) => visit.querySelector("img"))) {
      section.querySelector(".tools").hidden = false;
      flicker.addEventListener("click", toggle);
      step.addEventListener("click", other);
      comparisons.push({ section, toggle, other });
    }
  }

  /* The comparison that holds the focus, else the one of which most is in view. */
  function current() {
    const inView = ({ section }) => {
      const box = section.getBoundingClientRect();
      return Math.min(box.bottom, innerHeight) - Math.max(box.top, 0);
    };
    const focused = comparisons.find(({ section }) => section.contains(document.activeElement));
    return focused || [...comparisons].sort((one, two) => inView(two) - inView(one))[0];
  }

  const links = [...document.querySelectorAll("a.enlarge")];
  const dialog = document.createElement("dialog");
  dialog.className = "large";
  dialog.setAttribute("aria-label", "Enlarged picture");
  const image = document.createElement("img");
  const view = document.createElement("div");
  view.className = "view";
  view.tabIndex = 0;
  view.setAttribute("role", "region");
  view.setAttribute("aria-label", "Picture; can be scrolled at full size");
  const bar = document.createElement("p");
  bar.className = "bar";
  const caption = document.createElement("span");
  caption.setAttribute("role", "status");
  bar.append(caption);
  let opened = 0;

  function enlarge(place) {
    opened = (place + links.length) % links.length;
    const link = links[opened];
    image.src = link.getAttribute("href");
    image.alt = link.querySelector("img").alt;
    caption.textContent = `${link.dataset.caption} (${opened + 1} of ${links.length})`;
    if (!image.isConnected) view.append(image);
    if (!dialog.open) dialog.showModal();
    view.scrollTo(0, 0);
  }
  const isFull = () => dialog.classList.contains("full");
  function fill(wanted, event) {
    const box = image.getBoundingClientRect();
    const at = event ? [(event.clientX - box.x) / box.width, (event.clientY - box.y) / box.height] : [0, 0];
    dialog.classList.toggle("full", wanted);
    full.setAttribute("aria-pressed", String(wanted));
    view.scrollTo(at[0] * image.width - view.clientWidth / 2, at[1] * image.height - view.clientHeight / 2);
  }
  const full = document.createElement("button");
  full.type = "button";
  full.textContent = "Full size";
  full.setAttribute("aria-pressed", "false");
  full.addEventListener("click", () => fill(!isFull()));
  image.addEventListener("click", (event) => fill(!isFull(), event));
  bar.append(full);
  for (const [text, act] of [["Previous", () => enlarge(opened - 1)], ["Next", () => enlarge(opened + 1)], ["Close", () => dialog.close()]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.addEventListener("click", act);
    bar.append(button);
  }
  dialog.append(view, bar);
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => { fill(false); links[opened].focus(); });
  document.body.append(dialog);
  links.forEach((link, place) => link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    enlarge(place);
  }));

  const go = (relation) => document.querySelector(`a[rel="${relation}"]`)?.click();
  const on = document.getElementById("keys-on");
  try { on.checked = sessionStorage.getItem("keys") !== "off"; } catch { /* storage may be closed to files */ }
  on.addEventListener("change", () => {
    try { sessionStorage.setItem("keys", on.checked ? "on" : "off"); } catch { /* as above */ }
  });
  const actions = {
    ArrowLeft: () => go("prev"), k: () => go("prev"), ArrowRight: () => go("next"), j: () => go("next"),
    f: () => current()?.toggle(), s: () => current()?.other(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (dialog.open) {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === "z") fill(!isFull());
      const scrolls = isFull() && event.target === view;
      if (by && !scrolls) { event.preventDefault(); enlarge(opened + by); }
      return;
    }
    const isArrow = event.key.startsWith("Arrow");
    if (event.target.closest("input:not([type=checkbox]), select, textarea") || (isArrow && event.target.closest(".scroll"))) return;
    if (!on.checked || !Object.hasOwn(actions, event.key)) return;
    event.preventDefault();
    actions[event.key]();
  });
  document.querySelectorAll(".comparison").forEach(compare);
})();
