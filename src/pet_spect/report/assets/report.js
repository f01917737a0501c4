"use strict";
const find = document.getElementById("find");
if (find) find.addEventListener("input", () => {
  const wanted = find.value.trim().toLowerCase();
  for (const item of document.querySelectorAll("[data-id]")) {
    item.hidden = !item.dataset.id.toLowerCase().includes(wanted);
  }
});
