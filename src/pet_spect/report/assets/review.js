"use strict";
const at = (id) => document.getElementById(id);
const secret = document.querySelector("meta[name=review-token]").content;
const sections = ["start", "scan", "done", "closed"];
const buttons = [...document.querySelectorAll("[data-rating]")];
const titles = { start: "initials", scan: "place", done: "done-title", closed: "closed-title" };
let state = null;
let busy = false;
let isLoaded = false;

async function ask(path, content) {
  busy = true;
  try {
    const post = { method: "POST", headers: { "Content-Type": "application/json", "X-Review-Token": secret }, body: JSON.stringify(content ?? {}) };
    const answer = await fetch(path, content === undefined ? {} : post);
    const said = await answer.json();
    if (!answer.ok) {
      if (answer.status === 409) await ask("/state");
      complain(said.message);
      return false;
    }
    complain("");
    show(said);
    return true;
  } catch {
    complain("The review does not answer. If it was stopped, start pet-spect review again: every rating that was saved is kept.");
    return false;
  } finally {
    busy = false;
    enable();
  }
}

function complain(text) {
  at("message").textContent = text;
  at("message").hidden = !text;
}

function reveal(phase) {
  for (const name of sections) at(name).hidden = name !== phase;
  at(titles[phase]).focus();
}

function show(said) {
  const isNew = state === null || said.phase !== state.phase || said.scan !== state.scan || said.rating !== state.rating;
  state = said;
  if (!isNew) return;
  closeReason();
  if (said.phase === "scan") {
    at("place").textContent = `Scan ${said.place} of ${said.total}`;
    at("progress").value = said.done;
    at("mine").hidden = said.rating === null;
    at("mine").textContent = said.rating === null ? "" : `You rated this scan ${said.rating}: ${said.reason}. Rate again to change it.`;
    at("back").hidden = said.first;
    at("forward").hidden = said.rating === null;
    const address = `/picture/${said.scan}`;
    if (at("picture").getAttribute("src") !== address) {
      isLoaded = false;
      at("picture").src = address;
    }
  }
  if (said.phase === "done") at("back-again").hidden = said.first;
  reveal(said.phase);
}

function enable() {
  for (const button of buttons) button.disabled = busy || !isLoaded;
}

function rate(rating) {
  if (busy || !isLoaded) return;
  if (rating === "good") ask("/rate", { scan: state.scan, rating });
  else {
    at("why").dataset.rating = rating;
    at("which").textContent = rating;
    at("why").hidden = false;
    at("why").elements.code[0].focus();
  }
}

function closeReason() {
  at("why").reset();
  at("why").hidden = true;
}

function enlarge(isLarge) {
  document.querySelector(".reading").classList.toggle("enlarged", isLarge);
  at("enlarge").setAttribute("aria-pressed", String(isLarge));
  if (isLarge) at("view").focus();
}

const isEnlarged = () => at("enlarge").getAttribute("aria-pressed") === "true";
const step = (path) => { if (!busy) ask(path, {}); };

async function finish() {
  if (!busy && await ask("/finish", {})) reveal("closed");
}

function choose(place) {
  const choice = at("why").elements.code[place];
  if (!choice) return;
  choice.checked = true;
  choice.focus();
  if (choice.value === "other") at("words").focus();
}

at("picture").addEventListener("load", () => {
  isLoaded = true;
  enable();
});
at("picture").addEventListener("error", () => complain("The picture cannot be shown. Stop, and start pet-spect review again."));
at("who").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!busy) ask("/start", { initials: at("initials").value.trim() });
});
at("why").addEventListener("submit", (event) => {
  event.preventDefault();
  const { code, words } = at("why").elements;
  if (!busy) ask("/rate", { scan: state.scan, rating: at("why").dataset.rating, code: code.value, words: words.value });
});
for (const button of buttons) button.addEventListener("click", () => rate(button.dataset.rating));
for (const button of document.querySelectorAll(".finish")) button.addEventListener("click", finish);
at("cancel").addEventListener("click", () => { closeReason(); at("place").focus(); });
at("back").addEventListener("click", () => step("/back"));
at("back-again").addEventListener("click", () => step("/back"));
at("forward").addEventListener("click", () => step("/forward"));
at("enlarge").addEventListener("click", () => enlarge(!isEnlarged()));
at("picture").addEventListener("click", () => enlarge(!isEnlarged()));

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || state === null) return;
  if (event.key === "Escape") {
    if (!at("why").hidden) at("cancel").click();
    else enlarge(false);
    return;
  }
  const isText = event.target.matches("input:not([type=radio], [type=checkbox])");
  if (isText || !at("keys").checked || !["scan", "done"].includes(state.phase)) return;
  const key = event.key.toLowerCase();
  const rating = buttons.find((button) => button.dataset.rating[0] === key)?.dataset.rating;
  const isOpen = !at("why").hidden;
  if (isOpen && /^[1-9]$/.test(key)) choose(Number(key) - 1);
  else if (state.phase === "scan" && rating) rate(rating);
  else if (key === "u" && !state.first) step("/back");
  else if (key === "n" && state.phase === "scan" && state.rating !== null) step("/forward");
  else if (key === "z" && state.phase === "scan") enlarge(!isEnlarged());
  else return;
  event.preventDefault();
});

ask("/state");
