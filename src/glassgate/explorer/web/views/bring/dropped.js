// The files that were dropped, or lie in folders that were dropped.

/**
 * @param {DataTransfer} transfer
 * @returns {Promise<File[]>}
 */
export async function droppedFiles(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  const files = await Promise.all(entries.map((entry) => (entry ? filesOf(entry) : [])));
  return files.flat();
}

/**
 * @param {FileSystemEntry} entry
 * @returns {Promise<File[]>} a file, or the files that lie in a folder itself
 */
async function filesOf(entry) {
  if (isFile(entry)) return [await fileOf(entry)];
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  const inside = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
  return Promise.all(/** @type {FileSystemEntry[]} */ (inside).filter(isFile).map(fileOf));
}

/**
 * @param {FileSystemEntry} entry
 * @returns {entry is FileSystemFileEntry}
 */
function isFile(entry) {
  return entry.isFile;
}

/**
 * @param {FileSystemFileEntry} entry
 * @returns {Promise<File>}
 */
function fileOf(entry) {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}
