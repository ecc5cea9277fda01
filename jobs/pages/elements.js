"use strict";
// Elements of a page, made of texts that are shown as texts, whatever stands in them.
const elements = (() => {
  function make(tag, className, text) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  }

  // For texts of documents and models, which may be in any script.
  function foreign(tag, className, text) {
    const element = make(tag, className, text);
    element.dir = "auto";
    return element;
  }

  // A paragraph with ranges of characters marked; ranges may overlap and come in any order.
  function marked(text, ranges) {
    const paragraph = foreign("p", "text");
    const characters = Array.from(text);
    let done = 0;
    for (const [start, end] of [...ranges].sort((a, b) => a[0] - b[0])) {
      if (end <= done) continue;
      const from = Math.max(start, done);
      paragraph.append(characters.slice(done, from).join(""), make("mark", "", characters.slice(from, end).join("")));
      done = end;
    }
    paragraph.append(characters.slice(done).join(""));
    return paragraph;
  }

  return { make, foreign, marked };
})();
