// The camera and microphone of this device. No words in here: a fault is a code that the page has words for.
const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const VIDEO = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };

const FAULTS = { NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "missing", OverconstrainedError: "missing" };
const faultOf = (error) => FAULTS[error.name] ?? "busy";

export const canCall = () => Boolean(navigator.mediaDevices?.getUserMedia && window.RTCPeerConnection);

// {stream, fault}: a stream with picture and sound, with sound alone (fault "no-camera"), or none.
export async function openMedia(facingMode = "user") {
  if (!canCall()) return { stream: null, fault: "unsupported" };
  const devices = navigator.mediaDevices;
  try {
    return { stream: await devices.getUserMedia({ audio: AUDIO, video: { ...VIDEO, facingMode } }), fault: null };
  } catch (error) {
    if (faultOf(error) === "denied") return { stream: null, fault: "denied" };
  }
  try {
    return { stream: await devices.getUserMedia({ audio: AUDIO }), fault: "no-camera" };
  } catch (error) {
    return { stream: null, fault: faultOf(error) };
  }
}

export const closeMedia = (stream) => stream?.getTracks().forEach((track) => track.stop());

export async function cameras() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  return devices.filter((device) => device.kind === "videoinput").length;
}

// The other camera of a phone: its track, or null when there is none.
export async function otherCamera(stream) {
  const now = stream.getVideoTracks()[0]?.getSettings().facingMode ?? "user";
  const facingMode = now === "user" ? "environment" : "user";
  try {
    const fresh = await navigator.mediaDevices.getUserMedia({ video: { ...VIDEO, facingMode: { exact: facingMode } } });
    return fresh.getVideoTracks()[0];
  } catch {
    return null; // there is only one
  }
}

// Calls onLevel(0 to 1) ten times a second; returns what stops it.
export function listen(stream, onLevel) {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    if (context.state === "suspended") context.resume();
    analyser.getFloatTimeDomainData(samples);
    const loudness = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
    onLevel(Math.min(1, loudness * 6));
  }, 100);
  return () => { clearInterval(timer); context.close(); };
}

// Two soft tones, as a test of the speaker and as the knock at the desk. False when the browser keeps them silent.
export async function chime(pitches = [660, 880]) {
  const context = new AudioContext();
  await Promise.race([context.resume(), new Promise((resolve) => { setTimeout(resolve, 300); })]);
  if (context.state !== "running") { context.close(); return false; }
  pitches.forEach((pitch, place) => {
    const tone = context.createOscillator(), volume = context.createGain(), at = context.currentTime + place * 0.28;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.25, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.5);
    tone.connect(volume).connect(context.destination);
    tone.start(at);
    tone.stop(at + 0.55);
  });
  setTimeout(() => context.close(), 1_500);
  return true;
}

// The screen of this device as a video track, or null when the person thought better of it or it cannot be shared.
export async function screenTrack() {
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia({ video: true });
    return stream.getVideoTracks()[0];
  } catch {
    return null;
  }
}
