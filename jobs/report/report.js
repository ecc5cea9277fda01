(() => {
  const { make, foreign, marked } = elements;
  const source = document.getElementById("answer-data");
  if (!source) return;
  const { contenders, metrics, contexts, rows, tieBelow } = JSON.parse(source.textContent);
  // A row: q question, s slice, p path, t title, k kind, c number of its context, e evidence,
  // a answers in the order of the contenders: t text, r refusal, v scores, w why there is none.
  const ROWS_PER_PAGE = 25;
  const TYPING_PAUSE_MS = 150;
  const byId = (id) => document.getElementById(id);
  const signed = (value) => (value < 0 ? "\u2212" : "+") + Math.abs(value).toFixed(3);
  let found = rows;
  let page = 0;

  const haystacks = rows.map((row) =>
    [row.q, row.p, row.t, ...row.a.map((answer) => answer?.t ?? "")].join("\n").toLowerCase());
  const numbers = new Map(rows.map((row, number) => [row, number]));

  function choice(id, otherwise = "") {
    return byId(id)?.value ?? otherwise;
  }

  function difference(row) {
    const [of, versus] = choice("pair", "-").split("-");
    const metric = Number(choice("metric", "0"));
    const left = row.a[of]?.v[metric] ?? null;
    const right = row.a[versus]?.v[metric] ?? null;
    return left === null || right === null ? null : left - right;
  }

  const isShown = {
    all: () => true,
    won: (row) => difference(row) >= tieBelow,
    tied: (row) => difference(row) !== null && Math.abs(difference(row)) < tieBelow,
    lost: (row) => difference(row) !== null && difference(row) <= -tieBelow,
    refused: (row) => row.a.some((answer) => answer?.r),
    unscored: (row) => row.a.some((answer) => answer?.v.includes(null)),
  };

  const rank = { size: Math.abs, gain: (value) => value, loss: (value) => -value };

  function select() {
    const wanted = choice("search").trim().toLowerCase();
    const slice = choice("slice");
    const shows = isShown[choice("show", "all")];
    found = rows.filter((row) =>
      (!slice || row.s === slice) &&
      (!wanted || haystacks[numbers.get(row)].includes(wanted)) && shows(row));
    const value = rank[choice("order", "id")];
    if (value) {
      const ranks = new Map(found.map((row) => {
        const by = difference(row);
        return [row, by === null ? -Infinity : value(by)];
      }));
      found.sort((a, b) => ranks.get(b) === ranks.get(a) ? 0 : ranks.get(b) - ranks.get(a));
    }
    page = 0;
    show();
  }

  function show() {
    const pageCount = Math.max(1, Math.ceil(found.length / ROWS_PER_PAGE));
    const start = page * ROWS_PER_PAGE;
    byId("rows").replaceChildren(...found.slice(start, start + ROWS_PER_PAGE).map(makeRow));
    byId("found").textContent =
      `${found.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")} questions`;
    byId("page").textContent = `Page ${page + 1} of ${pageCount}`;
    byId("previous").disabled = page === 0;
    byId("next").disabled = page + 1 >= pageCount;
  }

  function makeRow(row) {
    const details = make("details");
    const summary = make("summary");
    summary.append(foreign("span", "question text", row.q));
    const by = difference(row);
    if (by !== null) {
      summary.append(make("span", by >= tieBelow ? "gain" : by <= -tieBelow ? "loss" : "", signed(by)));
    }
    const refusals = row.a.filter((answer) => answer?.r).length;
    const facts = [row.s.replaceAll("_", " "), row.k?.replaceAll("_", " "), row.p];
    if (refusals) facts.push(`${refusals} refused`);
    summary.append(foreign("span", "facts text", facts.filter(Boolean).join(" \u00b7 ")));
    details.append(summary);
    details.addEventListener("toggle", () => {
      if (details.open && details.childElementCount === 1) details.append(makeSides(row), makeSource(row));
    });
    const item = make("li");
    item.append(details);
    return item;
  }

  function makeSides(row) {
    const sides = make("div", "sides");
    row.a.forEach((answer, number) => {
      const [name, model] = contenders[number];
      const side = make("div", "side");
      const heading = make("h4", "", name + " ");
      heading.append(foreign("small", "", model));
      side.append(heading);
      if (answer) {
        const facts = metrics.map((metric, i) =>
          `${metric} ${answer.v[i] === null ? `\u2013 (${answer.w[i]})` : answer.v[i].toFixed(3)}`);
        facts.push(`${Array.from(answer.t).length.toLocaleString("en")} characters`);
        if (answer.r) facts.push("refused");
        side.append(foreign("div", "facts text", facts.join(" \u00b7 ")), foreign("p", "text", answer.t));
      } else {
        side.append(make("p", "facts", "not asked"));
      }
      sides.append(side);
    });
    return sides;
  }

  function makeSource(row) {
    const block = make("div", "source");
    block.append(foreign("div", "facts text", `Source: ${[row.t, row.p].filter(Boolean).join(", ") || "unknown"}`));
    block.append(marked(contexts[row.c], row.e));
    return block;
  }

  let timer;
  byId("search").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(select, TYPING_PAUSE_MS);
  });
  byId("choices").addEventListener("change", (event) => {
    if (event.target.id !== "search") select();
  });
  byId("choices").addEventListener("submit", (event) => event.preventDefault());
  const turn = (by) => () => {
    page += by;
    show();
    byId("found").scrollIntoView();
  };
  byId("previous").addEventListener("click", turn(-1));
  byId("next").addEventListener("click", turn(1));
  select();
})();
