/* Adds to the exit link: blanks the page first, empties the fields, leaves no entry behind; and Shift three times. */
const LIMIT = 5000; // milliseconds for three presses
const box = document.querySelector("[data-module=exit]");
const link = box.querySelector("[data-exit]");
const status = box.querySelector("[data-exit-status]");
const lights = box.querySelector(".ik-exit__lights");

function empty() {
  for (const form of document.forms) {
    form.reset();
    for (const field of form.elements) {
      if (field.type === "radio" || field.type === "checkbox") field.checked = false;
      else if ("value" in field && field.type !== "hidden") field.value = "";
    }
  }
}

function leave() {
  empty();
  document.title = "\u200b";
  document.body.hidden = true;
  document.body.replaceChildren();
  location.replace(link.href);
}

link.addEventListener("click", (event) => {
  event.preventDefault();
  leave();
});

let presses = [];
let alone = false;

function show() {
  lights.hidden = presses.length === 0;
  [...lights.children].forEach((light, index) => light.classList.toggle("is-on", index < presses.length));
  status.textContent = presses.length === 1 ? status.dataset.two : presses.length === 2 ? status.dataset.one : "";
}

function forget() {
  presses = [];
  show();
}

// Phone keyboards send Shift with an empty code: those do not count.
const isShift = (event) => event.key === "Shift" && event.code !== "";

addEventListener("keydown", (event) => {
  alone = isShift(event);
  if (!alone && event.key !== "Shift") forget();
});

addEventListener("keyup", (event) => {
  if (!isShift(event) || !alone) return;
  alone = false;
  const now = Date.now();
  presses = [...presses.filter((press) => now - press < LIMIT), now];
  show();
  if (presses.length === 3) leave();
  else setTimeout(() => { if (presses.length && Date.now() - presses[0] >= LIMIT) forget(); }, LIMIT);
});

// What was typed goes when the page does: leaving, closing, or sent. A form on its way has been read already.
addEventListener("pagehide", empty);
