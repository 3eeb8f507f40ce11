const MOST = 50; // files at once
const drop = document.querySelector(".drop");
const input = document.querySelector("#file");
const results = document.querySelector("#results");
const status = document.querySelector("#status");
const clear = document.querySelector("#clear");
const largest = Number(drop.dataset.maxBytes);
let last = Promise.resolve(); // the requests, one after the other
let waiting = 0;

function show(body, reason) {
  const line = document.createElement("p");
  line.className = "notice leaky problem";
  const head = document.createElement("strong");
  head.textContent = "Not predicted:";
  line.append(head, ` ${reason}.`);
  body.replaceChildren(line);
}

// Whether a file can be read at all: a folder that is dropped cannot.
async function readable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

async function predict(job, body) {
  body.firstElementChild.textContent = "Predicting …";
  if (job.file && !(await readable(job.file))) return show(body, "a folder, or a file that cannot be read: choose the images in it");
  if (job.file && job.file.size > largest) return show(body, `file of more than ${(largest / 1e6).toLocaleString("en")} MB`);
  let response;
  try {
    const headers = { "Content-Type": "application/octet-stream" };
    response = await fetch(job.url, { method: "POST", body: job.file, headers });
  } catch {
    return show(body, "no connection: the program has ended. Start it again with dermoscopy demo");
  }
  const text = await response.text();
  if (response.headers.get("Content-Type")?.startsWith("text/html") !== true) return show(body, text || "an error of the program, see its terminal");
  body.innerHTML = text; // the program escapes all that is not its own; the policy of the page forbids scripts in it
  const image = body.querySelector(".original");
  if (!image) return;
  image.src = job.file ? URL.createObjectURL(job.file) : job.url;
}

function count() {
  status.textContent = waiting ? `${waiting} ${waiting === 1 ? "image is" : "images are"} waiting.` : "";
  clear.hidden = waiting > 0 || !results.childElementCount;
}

function add(jobs) {
  const cards = jobs.map((job) => {
    const card = document.querySelector("#card").content.firstElementChild.cloneNode(true);
    card.querySelector("h3").textContent = job.name;
    const body = card.querySelector(".body");
    waiting += 1;
    last = last.then(() => predict(job, body)).catch(() => show(body, "an error of this page")).finally(() => {
      waiting -= 1;
      count();
    });
    return card;
  });
  results.prepend(...cards);
  count();
}

function choose(files) {
  if (files.length > MOST) {
    status.textContent = `${files.length} files; at most ${MOST} at once. For more, use dermoscopy predict.`;
    return;
  }
  add(files.map((file) => ({ name: file.name, url: "predict", file })));
}

function remove() {
  for (const image of results.querySelectorAll(".original")) URL.revokeObjectURL(image.src);
  results.replaceChildren();
  count();
}

input.addEventListener("change", () => {
  choose([...input.files]);
  input.value = "";
});
for (const button of document.querySelectorAll("[data-example]")) {
  button.addEventListener("click", () => add([{ name: button.dataset.name, url: `examples/${button.dataset.example}` }]));
}
clear.addEventListener("click", remove);
// Files may be dropped anywhere: otherwise the browser would leave the page and open them.
addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
addEventListener("dragleave", (event) => event.relatedTarget || drop.classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  choose([...event.dataTransfer.files]);
});
