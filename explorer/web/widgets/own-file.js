// A picture that a visitor chooses or drops goes to the page directly, not through Gradio's drop zone: that would store
// the file on the server first, and refuse by its name what the server can read (HEIC in capitals, .qoi, no extension).

const ZONE = ".ee-upload:not(.ee-batch-files)";

const inside = ({ target }) => (target instanceof Element ? target.closest(ZONE) : null);

/** Calls `take(file)` for every picture given to the drop zone in `page`, a document, before Gradio sees it. */
export function takeFiles(page, take) {
  page.addEventListener(
    "change",
    (event) => {
      const input = event.target;
      if (!inside(event) || input.type !== "file" || !input.files.length) return;
      event.stopImmediatePropagation();
      take(input.files[0]);
      input.value = ""; // the same file may be chosen again
    },
    true,
  );
  page.addEventListener(
    "drop",
    (event) => {
      const [file] = (inside(event) && event.dataTransfer?.files) || [];
      if (!file) return; // a picture dragged from another page, as an address: Gradio handles it
      event.preventDefault();
      event.stopImmediatePropagation();
      event.target.dispatchEvent(new DragEvent("dragleave", { bubbles: true })); // the zone is no longer highlighted
      take(file);
    },
    true,
  );
}
