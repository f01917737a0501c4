{
// Search and status filter over all tables whose rows are about participants.
const form = document.querySelector(".search"), find = document.getElementById("find");
const doubt = document.getElementById("doubt"), found = document.getElementById("found");
const rows = [...document.querySelectorAll('th[data-key="participant_id"]:first-child')]
  .flatMap(head => [...head.closest("table").tBodies[0].rows]);
const nameOf = row => row.cells[0].querySelector("a")?.textContent ?? row.cells[0].textContent.trim();
const people = new Set(rows.map(nameOf));
const hits = document.getElementById("hits"), MOST_HITS = 6;
const pageOf = new Map(rows.map(row => [nameOf(row), row.cells[0].querySelector("a")?.href]));

// The table can be far below the field, so that the pages found stand under the field itself.
const list = left => {
  const names = [...left].filter(name => pageOf.get(name)).sort(new Intl.Collator("en", { numeric: true }).compare);
  hits.hidden = find.value.trim() === "" || names.length === 0;
  hits.replaceChildren(...names.slice(0, MOST_HITS).map(name => {
    const item = document.createElement("li"), link = document.createElement("a");
    Object.assign(link, { href: pageOf.get(name), textContent: name });
    item.append(link);
    return item;
  }));
  if (names.length > MOST_HITS) {
    const item = document.createElement("li"), link = document.createElement("a");
    Object.assign(link, { href: "#people", textContent: `and ${names.length - MOST_HITS} more` });
    item.append(link);
    hits.append(item);
  }
};

const narrow = () => {
  const wanted = find.value.trim().toLowerCase(), left = new Set();
  for (const detail of document.querySelectorAll("tr.detail")) detail.previousElementSibling.querySelector(".unfold").click();
  for (const row of rows) {
    const person = nameOf(row);
    const unsought = !person.toLowerCase().includes(wanted);
    const undoubted = doubt.checked && !row.querySelector(".badge:not(.pass, .measured)");
    row.toggleAttribute("data-unsought", unsought);
    row.toggleAttribute("data-undoubted", undoubted);
    if (!unsought && !undoubted) left.add(person);
  }
  found.textContent = wanted || doubt.checked ? `${left.size} of ${people.size} participants` : "";
  list(left);
  document.dispatchEvent(new Event("narrowed"));
};
form.hidden = false;
form.addEventListener("input", narrow);
form.addEventListener("submit", event => {
  event.preventDefault();
  if (hits.hidden) return;
  const links = [...hits.querySelectorAll("a")], wanted = find.value.trim().toLowerCase();
  const only = links.length === 1 ? links[0] : links.find(link => link.textContent.toLowerCase() === wanted);
  if (only) only.click();
  else document.getElementById("people").scrollIntoView();
});
narrow();

for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const area = document.getElementById(button.dataset.copy);
    area.select();
    try { await navigator.clipboard.writeText(area.value); } catch { document.execCommand("copy"); }
    button.textContent = "Copied";
  });
}
}
