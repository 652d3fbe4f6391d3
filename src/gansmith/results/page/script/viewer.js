// A sample grid at full size, and from it to the next one that the page shows.

class Viewer {
  constructor(dialog) {
    this.dialog = dialog;
    this.image = dialog.querySelector("img");
    this.words = dialog.querySelector("p");
    this.figures = [];
    this.place = 0;
    dialog.querySelector(".previous").addEventListener("click", () => this.move(-1));
    dialog.querySelector(".next").addEventListener("click", () => this.move(1));
    dialog.querySelector(".close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target === this.image) dialog.close();
    });
    dialog.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step) this.move(step);
    });
  }

  open(figures, figure) {
    this.figures = figures;
    this.place = Math.max(figures.indexOf(figure), 0);
    this.move(0);
    this.dialog.showModal();
    this.dialog.querySelector(".close").focus();
  }

  move(step) {
    this.place = (this.place + step + this.figures.length) % this.figures.length;
    const figure = this.figures[this.place];
    const shown = figure.querySelector("img");
    this.image.src = shown.src;
    this.image.alt = shown.alt;
    this.words.textContent = `${figure.dataset.words} (${this.place + 1} of ${this.figures.length})`;
  }
}
