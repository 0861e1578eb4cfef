// Acts that are kept on this phone until the server has them: in the browser's database, or while the page is open
// where it has none. Each belongs to whoever was signed in; nobody sees another's.

const DATABASE = "silverpoint";
const STORE = "acts";
const memory = new Map();
let opening = null;

function opened() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opening;
}

async function inStore(mode, work) {
  const database = await opened();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, mode);
    const request = work(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}

/** Keeps an act, or keeps it as it is now. */
export async function keep(act) {
  try {
    await inStore("readwrite", (store) => store.put(act));
  } catch {
    memory.set(act.id, act);
  }
}

/** The acts of a person, in the order in which they were done. */
export async function actsOf(owner) {
  let kept = [];
  try {
    kept = await inStore("readonly", (store) => store.getAll());
  } catch {
    // no database: what is in memory is all
  }
  return [...kept, ...memory.values()].filter((act) => act.owner === owner).sort((a, b) => a.place - b.place);
}

/** Forgets an act. */
export async function drop(id) {
  memory.delete(id);
  try {
    await inStore("readwrite", (store) => store.delete(id));
  } catch {
    // no database
  }
}
