{
// Search and status filter over all tables whose rows are about participants.
const form = document.querySelector(".search"), find = document.getElementById("find");
const doubt = document.getElementById("doubt"), found = document.getElementById("found");
const rows = [...document.querySelectorAll('th[data-key="participant_id"]:first-child')]
  .flatMap(head => [...head.closest("table").tBodies[0].rows]);
const people = new Set(rows.map(row => row.cells[0].textContent.trim()));

const narrow = () => {
  const wanted = find.value.trim().toLowerCase(), left = new Set();
  for (const detail of document.querySelectorAll("tr.detail")) detail.previousElementSibling.querySelector(".unfold").click();
  for (const row of rows) {
    const person = row.cells[0].textContent.trim();
    const unsought = !person.toLowerCase().includes(wanted);
    const undoubted = doubt.checked && !row.querySelector(".badge:not(.pass, .measured)");
    row.toggleAttribute("data-unsought", unsought);
    row.toggleAttribute("data-undoubted", undoubted);
    if (!unsought && !undoubted) left.add(person);
  }
  found.textContent = wanted || doubt.checked ? `${left.size} of ${people.size} participants` : "";
  document.dispatchEvent(new Event("narrowed"));
};
form.hidden = false;
form.addEventListener("input", narrow);
form.addEventListener("submit", event => event.preventDefault());
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
