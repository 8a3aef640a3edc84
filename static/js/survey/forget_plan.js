// The sealed copy of the safety plan and its key leave this device.
export async function forgetPlan() {
  await caches.delete("telek-plan");
  await new Promise((go) => {
    const asked = indexedDB.deleteDatabase("telek-safe");
    asked.onsuccess = asked.onerror = asked.onblocked = go;
  });
}
