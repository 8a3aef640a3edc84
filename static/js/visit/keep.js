// What a phone does to a call by itself: it lets the screen sleep, and takes the camera away for something else.

// Keeps the screen awake; returns what lets it sleep again. Without such a lock nothing happens.
export function keepAwake() {
  let lock = null, over = false;
  const take = async () => {
    if (over || document.hidden || !navigator.wakeLock) return;
    try { lock = await navigator.wakeLock.request("screen"); } catch { lock = null; /* low battery: the phone decides */ }
  };
  document.addEventListener("visibilitychange", take);
  take();
  return () => {
    over = true;
    document.removeEventListener("visibilitychange", take);
    lock?.release().catch(() => {});
  };
}

// Calls back once when a track of the stream was ended by the device, as soon as the page is looked at.
export function onTaken(stream, back) {
  let done = false;
  const look = () => {
    if (done || document.hidden) return;
    done = true;
    document.removeEventListener("visibilitychange", look);
    back();
  };
  for (const track of stream?.getTracks() ?? []) {
    track.addEventListener("ended", () => { document.addEventListener("visibilitychange", look); look(); });
  }
}
