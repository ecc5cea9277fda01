(() => {
  const { make, foreign, marked } = elements;
  const mode = document.body.dataset.mode;
  const token = new URLSearchParams(location.search).get("token");
  const TYPING_PAUSE_MS = 200;
  const PAGE = 50;
  const byId = (id) => document.getElementById(id);
  const state = {
    lists: {}, name: "rows", rows: [], chosen: -1, starts: [0], next: null, turn: 0,
    row: null, sample: null, place: 0, tasks: null, dirty: false,
  };

  async function ask(path, body) {
    const headers = { "X-Distill-Token": token };
    const options = body === undefined ? { headers } : {
      headers: { ...headers, "Content-Type": "application/json" }, method: "POST", body: JSON.stringify(body),
    };
    const reply = await fetch(path, options);
    if (!reply.ok) throw new Error((await reply.text()).slice(0, 300));
    return reply.json();
  }

  const count = (number) => number.toLocaleString("en");

  function complain(error) {
    byId("progress").replaceChildren(make("span", "fault", String(error.message ?? error)));
  }

  // The lists

  async function showTabs() {
    state.lists = await ask("/api/lists");
    const tabs = Object.entries(state.lists).map(([name, list]) => {
      const tab = make("button", "", `${list.label} `);
      tab.append(make("small", "", count(list.total) + (list.counted ? "" : "+")));
      tab.type = "button";
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-selected", String(name === state.name));
      tab.dataset.name = name;
      tab.addEventListener("click", () => open(name));
      return tab;
    });
    byId("tabs").replaceChildren(...tabs);
    if (Object.values(state.lists).some((list) => !list.counted)) setTimeout(() => showTabs().catch(complain), 700);
  }

  function showFilters() {
    const filters = Object.entries(state.lists[state.name]?.filters ?? {});
    byId("filters").replaceChildren(...filters.filter(([, values]) => values.length > 1).map(([field, values]) => {
      const label = make("label", "", field.replaceAll("_", " "));
      const select = make("select");
      select.dataset.field = field;
      select.append(new Option("all", ""), ...values.map((value) => new Option(value, value)));
      select.addEventListener("change", search);
      label.append(select);
      return label;
    }));
  }

  async function open(name) {
    state.name = name;
    for (const tab of byId("tabs").children) tab.setAttribute("aria-selected", String(tab.dataset.name === name));
    byId("text").value = "";
    showFilters();
    await search();
  }

  function search() {
    state.starts = [0];
    return load();
  }

  function query(start) {
    const wanted = new URLSearchParams({ start, limit: PAGE, text: byId("text").value });
    for (const select of document.querySelectorAll("#filters select")) if (select.value) wanted.set(select.dataset.field, select.value);
    return `/api/list/${state.name}?${wanted}`;
  }

  async function load() {
    const turn = ++state.turn;
    const rows = [];
    let start = state.starts.at(-1);
    for (;;) {
      const page = await ask(query(start));
      if (turn !== state.turn) return;
      rows.push(...page.rows);
      state.next = page.next;
      byId("found").textContent = describe(page, rows.length);
      if (rows.length >= PAGE || page.next === null) break;
      start = page.next;
    }
    state.rows = rows;
    state.chosen = -1;
    showRows();
  }

  function describe(page, shown) {
    const total = `${count(page.total)}${page.counted ? "" : "+"} lines`;
    const isWhole = page.next === null;
    return `${shown ? `${count(shown)} shown` : "none found"}, ${isWhole ? "to the end" : `looked at ${count(page.looked)}`} of ${total}`;
  }

  function showRows() {
    byId("rows").replaceChildren(...state.rows.map((row, index) => {
      const item = make("li");
      item.tabIndex = 0;
      item.append(foreign("div", "title text", row.title || "(empty)"), foreign("div", "facts text", row.facts.join(" \u00b7 ")));
      item.addEventListener("click", () => choose(index));
      item.addEventListener("keydown", (event) => { if (event.key === "Enter") choose(index); });
      return item;
    }));
    byId("before").disabled = state.starts.length < 2;
    byId("after").disabled = state.next === null;
    byId("side").scrollTop = 0;
  }

  async function turnPage(step) {
    if (step > 0 && state.next !== null) state.starts.push(state.next);
    else if (step < 0 && state.starts.length > 1) state.starts.pop();
    else return;
    await load();
  }

  async function choose(index) {
    if (index < 0 || index >= state.rows.length) return;
    state.chosen = index;
    [...byId("rows").children].forEach((item, i) => item.setAttribute("aria-current", String(i === index)));
    byId("rows").children[index].scrollIntoView({ block: "nearest" });
    await showLine(state.name, state.rows[index].number);
  }

  async function move(step) {
    if (mode === "label") return showTask(state.place + step);
    if (state.sample && state.name === "rows" && state.chosen < 0) return showSampled(state.place + step);
    const index = state.chosen + step;
    if (index >= state.rows.length && state.next !== null) { await turnPage(1); return choose(0); }
    if (index < 0 && state.starts.length > 1) { await turnPage(-1); return choose(state.rows.length - 1); }
    return choose(Math.max(0, index));
  }

  // One line

  function makeText(part) {
    const block = make("div", part.label.startsWith("Source") ? "block source" : "block");
    block.append(foreign("h2", "", part.label));
    block.append(marked(part.text, part.marks ?? []));
    for (const score of part.scores ?? []) block.append(makeScore(score));
    return block;
  }

  function makeScore(score) {
    const box = make("div", "scores");
    const value = score.value === null ? `\u2013 (${score.problem})` : score.value.toFixed(3);
    box.append(foreign("div", "text", `${score.metric.replaceAll("_", " ")} ${value}${score.judge ? `, by ${score.judge}` : ""}`));
    if (score.findings.length) {
      const list = make("ul");
      list.append(...score.findings.map((finding) => foreign("li", "text", finding)));
      box.append(list);
    }
    return box;
  }

  function makeFields(fields, isOpen) {
    const box = make("details");
    box.open = isOpen;
    box.append(make("summary", "", "Fields of the line"));
    const list = make("dl");
    for (const [name, value] of Object.entries(fields)) list.append(make("dt", "", name), foreign("dd", "text", String(value)));
    box.append(list);
    return box;
  }

  function back() {
    const button = make("button", "only-phone", "Back to the list");
    button.type = "button";
    button.addEventListener("click", () => document.body.classList.remove("reading"));
    return button;
  }

  async function showLine(name, number) {
    const turn = ++state.turn;
    const line = await ask(`/api/line/${name}/${number}`);
    if (turn !== state.turn) return;
    state.row = line.row;
    state.dirty = false;
    const parts = [back(), ...line.texts.map(makeText)];
    if (mode === "review" && line.row) parts.splice(1, 0, makeActions(line));
    for (const review of line.reviews) parts.push(makeReview(review));
    parts.push(makeFields(line.fields, !line.row));
    byId("detail").replaceChildren(...parts);
    byId("detail").scrollTop = 0;
    document.body.classList.add("reading");
  }

  // Review

  function makeReview(review) {
    const words = [review.reviewer, review.at.slice(0, 16).replace("T", " "), review.comment].filter(Boolean);
    const line = foreign("p", "text");
    line.append(make("span", `decided ${review.decision}`, review.decision), ` \u00b7 ${words.join(" \u00b7 ")}`);
    return line;
  }

  function makeButton(label, key, className, act) {
    const button = make("button", className, `${label} `);
    button.type = "button";
    button.append(make("kbd", "", key));
    button.addEventListener("click", () => Promise.resolve(act()).catch(complain));
    return button;
  }

  function makeActions(line) {
    const actions = make("div", "actions");
    const last = line.reviews.filter((review) => review.decision !== "comment").at(-1);
    actions.append(
      makeButton("Keep", "y", "main", () => decide("keep")),
      makeButton("Drop", "x", "", () => decide("drop")),
      makeButton("Edit", "e", "", () => edit(last)),
      makeButton("Comment", "c", "", comment),
      make("span", `decided ${last?.decision ?? ""}`, last ? last.decision : ""),
    );
    return actions;
  }

  async function decide(decision, more = {}) {
    if (!state.row) return;
    const { row_hash, answer_id, document_id } = state.row;
    await ask("/api/review", { row_hash, answer_id, document_id, decision, ...more });
    state.dirty = false;
    await showProgress();
    if (decision === "comment") await refresh();
    else await move(1);
  }

  function refresh() {
    if (state.chosen >= 0) return choose(state.chosen);
    return showSampled(state.place);
  }

  function makeEditor(labels, act) {
    const form = make("form", "block editor");
    const areas = labels.map(([name, value]) => {
      const label = make("label", "", name);
      const area = make("textarea");
      area.value = value;
      area.dir = "auto";
      area.addEventListener("input", () => { state.dirty = true; });
      label.append(area);
      form.append(label);
      return area;
    });
    const save = make("button", "main", "Save (Ctrl+Enter)");
    form.append(save);
    const send = () => Promise.resolve(act(...areas.map((area) => area.value.trim()))).catch(complain);
    form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); send(); }
      if (event.key === "Escape") { state.dirty = false; form.remove(); }
    });
    document.querySelector(".editor")?.remove();
    document.querySelector(".actions").after(form);
    areas.at(-1).focus();
  }

  function edit(last) {
    if (!state.row) return;
    const given = last?.decision === "edit" ? last : state.row;
    makeEditor([["Question", given.question], ["Answer", given.answer]], (question, answer) => {
      if (!question || !answer) throw new Error("question and answer must not be empty; x drops a row");
      return decide("edit", { question, answer });
    });
  }

  function comment() {
    if (!state.row) return;
    makeEditor([["Comment", ""]], (text) => text ? decide("comment", { comment: text }) : undefined);
  }

  async function showProgress() {
    if (mode === "view") return;
    const found = await ask("/api/progress");
    if (mode === "label") { state.tasks = found; byId("progress").textContent = `${found.done} of ${found.total} labelled`; return; }
    const parts = [`${count(found.reviewed)} reviewed`];
    const rate = found.error_rate;
    if (rate.value !== null) {
      const percent = (value) => `${(100 * value).toFixed(1)}%`;
      parts.push(`${percent(rate.value)} dropped or edited${rate.low === null ? "" : ` [${percent(rate.low)}, ${percent(rate.high)}]`}`);
    }
    if (found.agreement) parts.push(`kappa ${found.agreement.kappa === null ? "\u2013" : found.agreement.kappa.toFixed(2)} over ${found.agreement.rows} rows of two`);
    byId("progress").textContent = parts.join(" \u00b7 ");
  }

  async function showSampled(place) {
    const numbers = state.sample.numbers;
    if (!numbers.length) return;
    state.place = Math.min(Math.max(0, place), numbers.length - 1);
    await showLine("rows", numbers[state.place]);
    byId("found").textContent = `Row ${state.place + 1} of ${numbers.length} drawn to review; the list below has all rows`;
  }

  // Labels

  const SHARES = [["none", 0], ["a quarter", 0.25], ["half", 0.5], ["most", 0.75], ["all", 1]];

  async function showTask(place) {
    if (!state.tasks.total) return;
    state.place = Math.min(Math.max(0, place), state.tasks.total - 1);
    const task = await ask(`/api/task/${state.place}`);
    const bar = make("div", "actions");
    bar.append(make("span", "facts", `Answer ${state.place + 1} of ${state.tasks.total}`), makeButton("Previous", "k", "", () => move(-1)), makeButton("Next", "j", "", () => move(1)));
    const asked = task.asked.map(({ metric, question }) => {
      const block = make("div", "block");
      block.append(make("h2", "", `${metric}: ${question}`));
      const row = make("div", "");
      SHARES.forEach(([label, value], place) => {
        const button = make("button", task.given[metric] === value ? "main" : "", `${label} `);
        button.append(make("kbd", "", String(place + 1)));
        button.type = "button";
        button.dataset.metric = metric;
        button.dataset.value = value;
        button.addEventListener("click", () => label_(metric, value).catch(complain));
        row.append(button, " ");
      });
      block.append(row);
      return block;
    });
    byId("detail").replaceChildren(bar, ...task.texts.map(makeText), ...asked);
    state.asked = task.asked.map(({ metric }) => metric);
    state.given = task.given;
  }

  async function label_(metric, value) {
    await ask("/api/label", { number: state.place, metric, value });
    await showProgress();
    state.given[metric] = value;
    return state.asked.every((each) => each in state.given) ? move(1) : showTask(state.place);
  }

  function labelByKey(key) {
    const metric = state.asked.find((each) => !(each in state.given)) ?? state.asked[0];
    return label_(metric, SHARES[Number(key) - 1][1]);
  }

  // Keys

  const keys = {
    j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1),
    n: () => turnPage(1), p: () => turnPage(-1), "/": () => byId("text").focus(),
    Escape: () => document.body.classList.remove("reading"),
  };
  const reviewKeys = { y: () => decide("keep"), x: () => decide("drop"), e: () => document.querySelectorAll(".actions button")[2]?.click(), c: comment };

  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, textarea, select")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = mode === "label" && "12345".includes(event.key) ? () => labelByKey(event.key)
      : keys[event.key] ?? (mode === "review" ? reviewKeys[event.key] : undefined);
    if (!act) return;
    event.preventDefault();
    Promise.resolve(act()).catch(complain);
  });
  window.addEventListener("beforeunload", (event) => { if (state.dirty) event.preventDefault(); });
  byId("choices").addEventListener("submit", (event) => event.preventDefault());
  byId("before").addEventListener("click", () => turnPage(-1).catch(complain));
  byId("after").addEventListener("click", () => turnPage(1).catch(complain));
  let typing;
  byId("text").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => search().catch(complain), TYPING_PAUSE_MS);
  });

  async function start() {
    await showProgress();
    if (mode === "label") return showTask(Math.max(0, state.tasks.is_done.indexOf(false)));
    await showTabs();
    showFilters();
    await load();
    if (mode === "review") {
      state.sample = await ask("/api/sample");
      await showSampled(Math.max(0, state.sample.is_done.indexOf(false)));
    }
  }
  start().then(() => { document.body.dataset.ready = "yes"; }).catch(complain);
})();
