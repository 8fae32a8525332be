// The part of the details that is about all suggestions: how many are left, from which confidence on.

class Suggestions {
  constructor(changed, done) {
    this.slider = element("input", { type: "range", min: 0, max: 1, step: 0.05, ariaLabel: "Lowest confidence of suggestions" });
    this.said = element("p", {});
    this.value = element("span", { className: "value" });
    this.row = element("div", { className: "row threshold" }, "from", this.slider, this.value);
    this.buttons = element("div", { className: "row" },
      button("Accept all", "accept-all", { title: "A" }),
      button("Accept, submit, go on", "accept-submit", { title: "Shift+Enter" }));
    this.root = element("section", { className: "suggestions", ariaLabel: "Suggestions" }, this.said, this.row, this.buttons);
    this.slider.addEventListener("input", () => changed(Number(this.slider.value)));
    this.slider.addEventListener("pointerup", () => done()); // the keys are the text's again
    this.slider.addEventListener("keydown", (event) => event.stopPropagation());
  }

  paint(state, readonly) {
    const { suggestions } = state.record;
    const aside = state.aside.length;
    this.root.hidden = readonly || !suggestions.length;
    this.row.hidden = !suggestions.some(({ confidence }) => confidence !== null);
    this.buttons.hidden = !state.open.length;
    this.slider.value = state.threshold;
    const left = `${state.open.length} suggestion${state.open.length === 1 ? "" : "s"} left`;
    write(this.said, left + aside, () => [left + (aside ? `, ${aside} below the threshold` : "")]);
    write(this.value, state.threshold, () => [state.threshold.toFixed(2)]);
  }
}
