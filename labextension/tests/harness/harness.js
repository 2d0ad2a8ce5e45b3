// Shows the built widgets in both themes, fed with recorded messages. Serve the repository's folder with any
// static server and open this page; `?scene=NAME` shows one scene, `?theme=dark` one theme.

import card from "../../../mirascope_nb/widgets/static/card.js";
import progress from "../../../mirascope_nb/widgets/static/progress.js";
import { SCENES } from "./scenes.js";

const asked = new URL(location.href).searchParams;

class FakeModel {
  sent = [];
  #listeners = new Set();

  get(name) {
    return name === "card_id" ? "card" : undefined;
  }

  on(_event, listener) {
    this.#listeners.add(listener);
  }

  off(_event, listener) {
    this.#listeners.delete(listener);
  }

  send(message) {
    this.sent.push(message);
  }

  deliver(message) {
    for (const listener of this.#listeners) {
      listener({ id: "card", seq: 1, ...message });
    }
  }
}

window.models = {};
for (const theme of asked.has("theme") ? [asked.get("theme")] : ["light", "dark"]) {
  const section = document.createElement("section");
  section.className = theme;
  document.querySelector("main").append(section);
  for (const [name, message] of Object.entries(SCENES)) {
    if (asked.has("scene") && asked.get("scene") !== name) {
      continue;
    }
    const title = document.createElement("h2");
    title.textContent = name;
    const place = document.createElement("div");
    section.append(title, place);
    const model = new FakeModel();
    window.models[`${theme} ${name}`] = model;
    const widget = message.kind === "progress" ? progress : card;
    widget.render({ model, el: place });
    model.deliver(message);
  }
}
