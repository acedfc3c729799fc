// The visitor's own picture, kept only in the browser so that a reload brings it back; it is deleted with the tab.

const BASE = "exit-explorer";
const TABLE = "pictures";
const SHOWN = "exit-explorer-own-picture"; // of this tab: without it a kept picture is another visit's, and deleted
const MOST = 20_000_000; // bytes

/** Keeps a picture: a File, or {url, orig_name} of one that the server holds. A browser may forbid that. */
export async function keepPicture(file) {
  try {
    const blob = file instanceof Blob ? file : await (await fetch(file.url)).blob();
    if (blob.size > MOST) return forgetPicture();
    await table("readwrite", (pictures) => pictures.put({ blob, name: file.orig_name ?? file.name ?? "" }, SHOWN));
    sessionStorage.setItem(SHOWN, "1");
  } catch {
    // it is not kept
  }
}

/** The picture from before the reload as a File, or null. */
export async function keptPicture() {
  try {
    if (sessionStorage.getItem(SHOWN) !== "1") return forgetPicture();
    const kept = await table("readonly", (pictures) => pictures.get(SHOWN));
    return kept ? new File([kept.blob], kept.name || "picture", { type: kept.blob.type }) : null;
  } catch {
    return null;
  }
}

/** Deletes it: another picture is shown. Returns null. */
export async function forgetPicture() {
  try {
    sessionStorage.removeItem(SHOWN);
    await table("readwrite", (pictures) => pictures.delete(SHOWN));
  } catch {
    // there is none
  }
  return null;
}

function table(mode, work) {
  return new Promise((done, fail) => {
    const opening = indexedDB.open(BASE, 1);
    opening.addEventListener("upgradeneeded", () => opening.result.createObjectStore(TABLE));
    opening.addEventListener("error", () => fail(opening.error));
    opening.addEventListener("success", () => {
      const asked = work(opening.result.transaction(TABLE, mode).objectStore(TABLE));
      asked.addEventListener("success", () => done(asked.result));
      asked.addEventListener("error", () => fail(asked.error));
      asked.transaction.addEventListener("complete", () => opening.result.close());
    });
  });
}
