// Lets any file through Gradio's image drop zone, so that the server's own sentence, in the page's language, says what
// cannot be read. Gradio refuses what the browser has no picture's type for: a HEIC in capitals, no extension, .qoi.

const PICTURE = ".ee-upload:not(.ee-batch-files)";

/** The same files, those without a picture's type labelled as pictures; null where all have one. */
export function labelled(files) {
  const all = [...files];
  if (all.every(({ type }) => type.startsWith("image/"))) return null;
  const carrier = new DataTransfer();
  for (const file of all) {
    const known = file.type.startsWith("image/");
    carrier.items.add(known ? file : new File([file], file.name, { type: "image/x-unknown" }));
  }
  return carrier;
}

/** Listens before Gradio does; `page` is the document. */
export function acceptAnyFile(page) {
  const inside = (event) => event.target instanceof Element && event.target.closest(PICTURE);
  page.addEventListener(
    "change",
    (event) => {
      const input = event.target;
      const carrier = inside(event) && input.type === "file" && labelled(input.files);
      if (carrier) input.files = carrier.files;
    },
    true,
  );
  page.addEventListener(
    "drop",
    (event) => {
      const carrier = inside(event) && event.dataTransfer && labelled(event.dataTransfer.files);
      if (!carrier) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const options = { bubbles: true, cancelable: true, dataTransfer: carrier };
      event.target.dispatchEvent(new DragEvent("drop", options));
    },
    true,
  );
}
